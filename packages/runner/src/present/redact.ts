import type { Secret } from '@geolens/backup-core';

// eslint-disable-next-line no-control-regex -- these control characters are the ones to replace
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Returns the text with its control characters as `\u001b`, except for tabs and line feeds. Names and errors
 * from elsewhere could otherwise steer a terminal, or change the order in which a text is shown. The form is
 * also valid in JSON.
 */
export function printable(text: string): string {
  return text.replace(
    CONTROLS,
    (character) => String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Shorter secrets would blot out half of every line, and protect nothing. */
const SHORTEST = 3;

/** Takes secrets out of a text, and makes its control characters visible. */
export type Redact = (text: string) => string;

/**
 * Answers a function that takes every secret out of a text, as it is, percent-encoded, and as it stands in
 * JSON.
 * @param open what is printed anyway: a password that is part of it (the name of the database, say) stays
 * readable, for
 *   blotting it out would make the text useless, and would tell the password to whoever knows what stands there
 */
export function redactor(secrets: readonly Secret[], open: readonly string[] = []): Redact {
  const forms = secrets
    .map((secret) => secret.reveal())
    .filter((value) => value.length >= SHORTEST && !open.some((text) => text.includes(value)))
    .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]);
  const longestFirst = [...new Set(forms)].sort((one, other) => other.length - one.length);
  return (text) => printable(longestFirst.reduce((rest, form) => rest.replaceAll(form, '[redacted]'), text));
}

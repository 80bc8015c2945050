import type { Secret } from '@geolens/backup-core';
import { printable } from './printable.ts';

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

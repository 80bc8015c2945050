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

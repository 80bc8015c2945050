/**
 * A part of a URL without its percent-encoding; as it stands where that makes no sense, for browsers take it
 * so too.
 */
export function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

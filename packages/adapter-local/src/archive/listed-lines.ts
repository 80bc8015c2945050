const LINE_FEED = 0x0a;

/**
 * Returns a function that takes a listing of tar in chunks and passes on each whole line, without its line
 * feed. Each character stands for one byte (latin1).
 */
export function listedLines(onLine: (line: string) => void): (chunk: Uint8Array) => void {
  let rest: Buffer[] = [];
  return (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      onLine(Buffer.concat([...rest, chunk.subarray(start, end)]).toString('latin1'));
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(Buffer.from(chunk.subarray(start)));
  };
}

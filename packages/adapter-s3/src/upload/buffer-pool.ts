/**
 * Buffers of one size that are used again. Those nobody uses are held weakly: they are given back to the next
 * upload as long as the garbage collector has not come by, and cost nothing once it has. Without that, each
 * upload would leave its buffers behind as garbage that the collector, which sees only the small objects
 * around them, is in no hurry to collect.
 */
export class BufferPool {
  private idle: WeakRef<Buffer>[] = [];

  /** A buffer of so many bytes, with anything in it. */
  take(bytes: number): Buffer {
    for (let held = this.idle.pop(); held !== undefined; held = this.idle.pop()) {
      const buffer = held.deref();
      if (buffer?.length === bytes) return buffer;
    }
    return Buffer.allocUnsafeSlow(bytes);
  }

  /** Says that nobody uses the buffer any more. */
  give(buffer: Buffer): void {
    this.idle.push(new WeakRef(buffer));
  }
}

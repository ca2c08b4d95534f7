/** Reads given numbers of bytes from a stream of buffers. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer[] = [];
  #size = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Returns the next `size` bytes, or fewer if the stream ends before. */
  async read(size: number): Promise<Buffer> {
    while (this.#size < size) {
      const { value, done } = await this.#source.next();
      if (done === true) break;
      this.#held.push(value);
      this.#size += value.length;
    }
    const [first] = this.#held;
    const all = first !== undefined && this.#held.length === 1 ? first : Buffer.concat(this.#held);
    const rest = all.subarray(size);
    this.#held = [rest];
    this.#size = rest.length;
    return all.subarray(0, size);
  }

  /** Ends the stream, so that what it holds is released. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

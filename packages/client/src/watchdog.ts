/** Notices when nothing was heard for too long. One timer, however many frames come. */
export class Watchdog {
  readonly #onSilence: () => void;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #patienceMs = 0;
  #heardAtMs = 0;

  constructor(onSilence: () => void, now: () => number = () => performance.now()) {
    this.#onSilence = onSilence;
    this.#now = now;
  }

  /** From now on, silence of so many milliseconds is too long; 0: none is. */
  expectWithin(ms: number): void {
    this.stop();
    this.#patienceMs = ms;
    this.heard();
    if (ms > 0) this.#wait(ms);
  }

  heard(): void {
    this.#heardAtMs = this.#now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  #look(): void {
    const leftMs = this.#heardAtMs + this.#patienceMs - this.#now();
    if (leftMs > 0) this.#wait(leftMs);
    else this.#onSilence();
  }
}

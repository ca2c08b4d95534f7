import { refuse } from '@parley/runtime';

/** Bounds of `BatchedReads`. */
export interface BatchBounds {
  /** Maximum number of statements that run at the same time. */
  readonly atOnce: number;
  /** Maximum number of questions that one statement answers. */
  readonly mostInBatch: number;
  /** Maximum number of questions that wait for a statement. */
  readonly mostWaiting: number;
}

interface Waiting<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A | undefined) => void;
  readonly reject: (thrown: unknown) => void;
}

/**
 * Reads the answers to many questions in one statement. Questions that arrive while all statements
 * are running share the next statement, so the number of statements does not grow with the number
 * of questions. A single question is read at once.
 * @example
 * ```ts
 * import { BatchedReads } from '@parley/service-kit';
 *
 * const squares = new BatchedReads(async (numbers: readonly number[]) => numbers.map((n) => n * n), {
 *   atOnce: 1,
 *   mostInBatch: 100,
 *   mostWaiting: 1_000,
 * });
 * await Promise.all([squares.ask(2), squares.ask(3)]); // [4, 9]
 * ```
 */
export class BatchedReads<Q, A> {
  readonly #read: (questions: readonly Q[]) => Promise<readonly (A | undefined)[]>;
  readonly #bounds: BatchBounds;
  #waiting: Waiting<Q, A>[] = [];
  #running = 0;
  #isDue = false;

  /**
   * `read` returns the answers in the order of the questions, and undefined for a question without
   * an answer.
   */
  constructor(read: (questions: readonly Q[]) => Promise<readonly (A | undefined)[]>, bounds: BatchBounds) {
    this.#read = read;
    this.#bounds = bounds;
  }

  /**
   * Returns the answer to a question. Its statement begins after this call.
   * @throws {Refusal} `too-busy` if too many questions wait, or the error of the statement.
   */
  ask(question: Q): Promise<A | undefined> {
    if (this.#waiting.length >= this.#bounds.mostWaiting) return Promise.reject(refuse('too-busy'));
    const answer = new Promise<A | undefined>((resolve, reject) => this.#waiting.push({ question, resolve, reject }));
    if (!this.#isDue) {
      this.#isDue = true;
      queueMicrotask(() => {
        this.#isDue = false;
        this.#start();
      });
    }
    return answer;
  }

  #start(): void {
    const { atOnce, mostInBatch } = this.#bounds;
    while (this.#running < atOnce && this.#waiting.length > 0) void this.#run(this.#waiting.splice(0, mostInBatch));
  }

  async #run(batch: readonly Waiting<Q, A>[]): Promise<void> {
    this.#running += 1;
    try {
      const answers = await this.#read(batch.map(({ question }) => question));
      for (const [at, { resolve }] of batch.entries()) resolve(answers[at]);
    } catch (thrown) {
      for (const { reject } of batch) reject(thrown);
    }
    this.#running -= 1;
    this.#start();
  }
}

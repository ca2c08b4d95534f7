import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { version } from './version.js';

/** The numbers of one process, in the Prometheus text format. */
export class Metrics {
  readonly registry = new Registry();
  /** Calls by rpc and reason (`ok` or a word of the table), in seconds. */
  readonly calls: Histogram<'rpc' | 'reason'>;
  /** Errors that nobody foresaw: those that reached the process, and calls that were answered `internal`. */
  readonly #defects: Counter<'kind'>;

  constructor() {
    this.calls = this.histogram('parley_rpc_seconds', 'calls by rpc and reason', ['rpc', 'reason']);
    const kinds = ['uncaught', 'internal'];
    this.#defects = this.counter(
      'parley_defects_total',
      'errors that nobody foresaw, by where they ended',
      ['kind'],
      kinds,
    );
  }

  /** A call has ended with that reason. */
  countCall(rpc: string, reason: string, ms: number): void {
    this.calls.observe({ rpc, reason }, ms / 1_000);
    if (reason === 'internal') this.#defects.inc({ kind: 'internal' });
  }

  /** An error reached the process. */
  countUncaught(): void {
    this.#defects.inc({ kind: 'uncaught' });
  }

  /** Adds the usual numbers of a Node process (memory, event loop, handles) and the version of Parley. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry });
    this.levels('parley_build_info', 'always 1; the label is the version of this process', 'version', () => ({
      [version]: 1,
    }));
  }

  /**
   * `born`: values of its label that are there from the start, at 0. Without them the first event of a kind makes its
   * series, and `increase()` over a series that begins with 1 is 0.
   */
  counter<L extends string>(name: string, help: string, labelNames: readonly L[], born: readonly string[] = []) {
    const counter = new Counter<L>({ name, help, labelNames: [...labelNames], registers: [this.registry] });
    for (const value of born) counter.inc({ [String(labelNames[0])]: value } as Record<L, string>, 0);
    return counter;
  }

  /** A sum that is kept elsewhere, on a path too hot for a counter of its own, and asked for when it is read. */
  total(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** A number that is asked for when it is read. */
  gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  /** One number for each value of a label, asked for when they are read. */
  levels<L extends string>(name: string, help: string, label: L, read: () => Readonly<Record<string, number>>): void {
    new Gauge({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        for (const [value, number] of Object.entries(read())) this.labels(value).set(number);
      },
    });
  }

  histogram<L extends string>(name: string, help: string, labelNames: readonly L[], buckets?: number[]): Histogram<L> {
    const shape = { name, help, labelNames: [...labelNames], registers: [this.registry] };
    return new Histogram(buckets === undefined ? shape : { ...shape, buckets });
  }
}

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { version } from './version.js';

/** Upper bounds of durations of calls, in seconds. Most calls take less than 5 ms. */
const callSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Upper bounds of lifetimes of streams, in seconds: from a second to a day. */
const lifeSeconds = [1, 10, 60, 600, 3_600, 21_600, 86_400];

/** Metrics of one process, in the Prometheus text format. */
export class Metrics {
  readonly registry = new Registry();
  /** Duration of calls in seconds, by rpc and reason (`ok` or a key of `refusals`). */
  readonly calls: Histogram<'rpc' | 'reason'>;
  /** Lifetime of streams in seconds, by rpc and the reason of their end. */
  readonly #streams: Histogram<'rpc' | 'reason'>;
  /** Unexpected errors: those that no handler caught, and calls that failed with `internal`. */
  readonly #defects: Counter<'kind'>;
  /** Functions whose sum is the value of a metric, by its name. */
  readonly #reads = new Map<string, (() => Readonly<Record<string, number>>)[]>();
  /** Begins to collect the metrics of the process. */
  #begin: (() => void) | undefined;

  constructor() {
    const labels = ['rpc', 'reason'] as const;
    this.calls = this.histogram(
      'parley_rpc_seconds',
      'duration of calls in seconds, without streams, by rpc and reason',
      labels,
      callSeconds,
    );
    this.#streams = this.histogram(
      'parley_stream_seconds',
      'lifetime of streams that have ended, in seconds, by rpc and the reason of the end',
      labels,
      lifeSeconds,
    );
    const kinds = ['uncaught', 'internal'];
    this.#defects = this.counter(
      'parley_defects_total',
      'unexpected errors, by the place where they were caught',
      ['kind'],
      kinds,
    );
  }

  /** Counts a call that ended with `reason` after `ms` milliseconds. */
  countCall(rpc: string, reason: string, ms: number): void {
    this.#count(this.calls, { rpc, reason }, ms);
  }

  /** Counts a stream that ended, or was refused, with `reason` after `ms` milliseconds. */
  countStream(rpc: string, reason: string, ms: number): void {
    this.#count(this.#streams, { rpc, reason }, ms);
  }

  #count(histogram: Histogram<'rpc' | 'reason'>, labels: { rpc: string; reason: string }, ms: number): void {
    histogram.observe(labels, ms / 1_000);
    if (labels.reason === 'internal') this.#defects.inc({ kind: 'internal' });
  }

  /** Counts an error that no handler caught. */
  countUncaught(): void {
    this.#defects.inc({ kind: 'uncaught' });
  }

  /**
   * Adds the version of Parley, and from the second call of `text` on the usual metrics of a Node
   * process (memory, event loop, handles). A process whose metrics nobody reads does not collect
   * them, because the measurement of the event loop wakes it 100 times a second.
   */
  collectProcess(): void {
    this.#begin = () => collectDefaultMetrics({ register: this.registry });
    this.levels('parley_build_info', 'always 1; the label is the version of this process', 'version', () => ({
      [version]: 1,
    }));
  }

  /** Returns all metrics in the text format of Prometheus. */
  async text(): Promise<string> {
    const text = await this.registry.metrics();
    this.#begin?.(); // Only now, because the delay of an event loop is NaN until it is measured.
    this.#begin = undefined;
    return text;
  }

  /**
   * Creates a counter. `initial` lists values of its first label that start at 0. Any other series
   * appears with its first event, at 1, and the `increase()` of Prometheus does not count that
   * event.
   */
  counter<L extends string>(name: string, help: string, labelNames: readonly L[], initial: readonly string[] = []) {
    const counter = new Counter<L>({ name, help, labelNames: [...labelNames], registers: [this.registry] });
    for (const value of initial) counter.inc({ [String(labelNames[0])]: value } as Record<L, string>, 0);
    return counter;
  }

  /**
   * Creates a counter whose value is kept elsewhere, for code that is too hot for a counter. `read`
   * runs at each scrape. A process with two servers calls this twice; the metric is then the sum.
   */
  total(name: string, help: string, read: () => number): void {
    const sum = this.#sumOf(name, () => ({ all: read() }));
    if (sum === undefined) return;
    new Counter({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.reset();
        this.inc(sum().all ?? 0);
      },
    });
  }

  /**
   * Adds a function to those whose sum is the value of a metric. Returns the sum of all of them, by
   * label, or undefined if the metric already exists.
   */
  #sumOf(name: string, read: () => Readonly<Record<string, number>>) {
    const reads = this.#reads.get(name);
    reads?.push(read);
    if (reads !== undefined) return undefined;
    const all = [read];
    this.#reads.set(name, all);
    return () => {
      const sum: Record<string, number> = {};
      for (const [label, number] of all.flatMap((one) => Object.entries(one())))
        sum[label] = (sum[label] ?? 0) + number;
      return sum;
    };
  }

  /** Creates a counter like `total`, with one count per value of `label`. */
  totals<L extends string>(name: string, help: string, label: L, read: () => Readonly<Record<string, number>>): void {
    const sum = this.#sumOf(name, read);
    if (sum === undefined) return;
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [value, number] of Object.entries(sum())) this.labels(value).inc(number);
      },
    });
  }

  /** Creates a gauge. `read` runs at each scrape. A second call with the name adds to its value. */
  gauge(name: string, help: string, read: () => number): void {
    const sum = this.#sumOf(name, () => ({ all: read() }));
    if (sum === undefined) return;
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(sum().all ?? 0);
      },
    });
  }

  /** Creates a gauge with one reading per value of `label`. `read` runs at each scrape. */
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

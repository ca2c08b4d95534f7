import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** The numbers of one process, in the Prometheus text format. */
export class Metrics {
  readonly registry = new Registry();
  /** Calls by rpc and reason (`ok` or a word of the table), in seconds. */
  readonly calls: Histogram<'rpc' | 'reason'>;
  /** Errors that nobody caught: each is a defect. */
  readonly uncaught: Counter;

  constructor() {
    this.calls = this.histogram('parley_rpc_seconds', 'calls by rpc and reason', ['rpc', 'reason']);
    this.uncaught = this.counter('parley_uncaught_errors_total', 'errors that reached the process', []);
  }

  /** Adds the usual numbers of a Node process: memory, event loop, handles. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
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

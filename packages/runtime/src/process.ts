import type { Part } from './lifecycle.js';
import { createLogger, type Logger } from './log.js';
import { Metrics } from './metrics.js';
import { ignoredNames, readSettings, type Settings, SettingsError } from './settings.js';

/** What a process gets to start with. */
export interface ProcessContext {
  readonly settings: Settings;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A started service: where it listens, and how it ends. */
export interface RunningService extends Part {
  /** What a supervisor prints, e.g. `{ grpc: '127.0.0.1:50051', admin: '127.0.0.1:51051' }`. */
  readonly listens: Readonly<Record<string, string>>;
}

const orphanStopMs = 1_500;
const badStart = 2;

/** Node gives an error without words where all addresses of a name failed. */
function words(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(words).join('; ');
  if (isOutOfFiles(cause)) return 'too many files are open: allow more (`ulimit -n 4096`), then start again';
  return cause instanceof Error ? cause.message : String(cause);
}

function isOutOfFiles(cause: unknown): boolean {
  return cause instanceof Error && ['EMFILE', 'ENFILE'].includes(String((cause as NodeJS.ErrnoException).code));
}

function fail(service: string, cause: unknown): never {
  process.stderr.write(`${service}: ${words(cause)}\n`);
  process.send?.({ failed: words(cause) });
  process.exit(badStart);
}

/** A thrown error of any handler, listener or timer is logged and counted; the process goes on. */
function surviveErrors(log: Logger, metrics: Metrics): void {
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (cause: unknown) => {
      metrics.countUncaught();
      log.error({ err: cause, kind }, 'nobody caught this error');
    });
  }
}

/** SIGTERM and SIGINT stop in order; a second one forces. The loss of a supervisor stops in under two seconds. */
function stopOnSignals(running: () => Part | undefined, log: Logger, stopMs: number): void {
  let stopping = false;
  const stop = (withinMs: number, why: string) => {
    setTimeout(() => process.exit(1), withinMs).unref();
    if (stopping) return;
    stopping = true;
    log.info({ reason: why }, 'stopping');
    Promise.resolve(running()?.stop()).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => stop(stopping ? 0 : stopMs, signal));
  }
  process.on('SIGHUP', () => log.info('SIGHUP changes nothing: certificates are read again when their files change'));
  process.on('disconnect', () => stop(orphanStopMs, 'the supervisor went away'));
}

/**
 * Runs a service as this process: reads the environment once, starts it, tells a supervisor where it listens,
 * and stops it on a signal. A start that fails ends the process with status 2 and one sentence.
 */
export async function runProcess(
  service: string,
  start: (context: ProcessContext) => Promise<RunningService>,
): Promise<void> {
  const settings = settingsOrExit(service);
  const log = createLogger({ service, level: settings.LOG_LEVEL, format: settings.LOG_FORMAT });
  const metrics = new Metrics();
  metrics.collectProcess();
  const ignored = ignoredNames(process.env);
  if (ignored.length > 0) log.info({ ignored }, 'these variables are service links of Kubernetes, not settings');
  surviveErrors(log, metrics);
  let running: RunningService | undefined;
  stopOnSignals(() => running, log, (settings.STOP_SECONDS + 1) * 1_000);
  try {
    running = await start({ settings, log, metrics });
    log.info(running.listens, 'ready');
    process.send?.({ listens: running.listens });
  } catch (cause) {
    log.debug({ err: cause }, 'did not start');
    fail(service, cause);
  }
}

function settingsOrExit(service: string): Settings {
  try {
    return readSettings(process.env);
  } catch (cause) {
    if (cause instanceof SettingsError) fail(service, cause);
    throw cause;
  }
}

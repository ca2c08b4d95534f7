import type { Part } from './lifecycle.js';
import { createLogger, type Logger } from './log.js';
import { Metrics } from './metrics.js';
import { ignoredNames, readSettings, SettingsError } from './read-settings.js';
import type { Settings } from './settings.js';

/** Settings, log and metrics of a process. */
export interface ProcessContext {
  readonly settings: Settings;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** A started service: its addresses and how to stop it. */
export interface RunningService extends Part {
  /**
   * Addresses by name, for a supervisor: `{ grpc: '127.0.0.1:50051', admin: '127.0.0.1:51051' }`.
   */
  readonly listens: Readonly<Record<string, string>>;
}

const orphanStopMs = 1_500;
const badStart = 2;

/**
 * Returns the message of an error. Node's error has no message if all addresses of a host name
 * failed.
 */
function messageOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(messageOf).join('; ');
  if (isOutOfFiles(cause)) return 'Too many files are open. Allow more (`ulimit -n 4096`), then start again.';
  return cause instanceof Error ? cause.message : String(cause);
}

function isOutOfFiles(cause: unknown): boolean {
  return cause instanceof Error && ['EMFILE', 'ENFILE'].includes(String((cause as NodeJS.ErrnoException).code));
}

function fail(service: string, cause: unknown): never {
  process.stderr.write(`${service}: ${messageOf(cause)}\n`);
  process.send?.({ failed: messageOf(cause) });
  process.exit(badStart);
}

/** Logs and counts errors that no handler, listener or timer caught. The process continues. */
function surviveErrors(log: Logger, metrics: Metrics): void {
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(kind, (cause: unknown) => {
      metrics.countUncaught();
      log.error({ err: cause, kind }, 'uncaught error');
    });
  }
}

/**
 * Shuts down on SIGTERM and SIGINT; a second signal exits at once. If the supervisor disappears,
 * the process exits within two seconds.
 */
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
  process.on('SIGHUP', () => log.info('SIGHUP ignored; certificates are reloaded when their files change'));
  const orphaned = () => stop(orphanStopMs, 'supervisor disconnected');
  process.on('disconnect', orphaned);
  if (process.connected === false) orphaned(); // The supervisor had gone before this process listened.
}

/**
 * Runs a service as this process: reads the settings, starts it, sends its addresses to a
 * supervisor, and stops it on a signal. A failed start prints one sentence and exits with status 2.
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
  if (ignored.length > 0) log.info({ ignored }, 'variables ignored: they are Kubernetes service links, not settings');
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

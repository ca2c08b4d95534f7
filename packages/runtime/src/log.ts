import { type Logger as PinoLogger, pino, type StreamEntry } from 'pino';
import pretty from 'pino-pretty';
import { currentCall } from './call-context.js';
import { version } from './version.js';

/**
 * Logger of JSON lines or readable text. Common fields: service node rpc user channel conn reason
 * ms. Lines that are written for a call have its id as `requestId`.
 */
export type Logger = Pick<PinoLogger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'> & {
  child(fields: Record<string, unknown>): Logger;
};

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LogOptions {
  readonly service: string;
  readonly level: LogLevel;
  /** Format of the lines: `json` for machines, `text` for people. */
  readonly format: 'json' | 'text';
}

/**
 * Creates a logger to standard output. It masks the usual keys of tokens and passwords, but callers
 * must not log secrets under any key.
 */
export function createLogger(options: LogOptions): Logger {
  const stream: StreamEntry['stream'] =
    options.format === 'text'
      ? pretty({
          colorize: false,
          singleLine: true,
          ignore: 'pid,hostname,service,version',
          translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l o',
          sync: true,
        })
      : pino.destination({ sync: false });
  return pino(
    {
      level: options.level,
      base: { service: options.service, version },
      redact: ['token', 'password', 'authorization', '*.token', '*.password', '*.authorization'],
      mixin: () => {
        const call = currentCall();
        return call === undefined ? {} : { requestId: call.id };
      },
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}

/** Creates a logger that writes nothing. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}

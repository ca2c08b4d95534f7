import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bareHost, settingsTable } from '@parley/runtime';
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultData } from '../run-file.js';
import { usageWords } from '../usage-words.js';
import { wholeNumber } from '../whole-number.js';

/** Root folder of the project, relative to `packages/cli/dist/src/launcher`. */
export const projectFolder = fileURLToPath(new URL('../../../../..', import.meta.url));

/** The options of `npm start`. */
export interface StartOptions {
  readonly chatServers: number;
  readonly managers: number;
  readonly gateways: number;
  /** The owner's URL of an existing PostgreSQL. Default: the embedded one. */
  readonly database?: string;
  /** URL of Redis, if it carries the notifications. */
  readonly redis?: string;
  readonly data: string;
  /** Whether the database was restored from a backup since the last start. */
  readonly restored: boolean;
  readonly userPort: number;
  readonly managerPort: number;
  readonly chatPort: number;
  readonly webPort: number;
  /** Host that clients connect to. Default: the address that the processes listen on. */
  readonly publicHost?: string;
  /** Whether to run Envoy too. */
  readonly envoy: boolean;
  readonly envoyPort: number;
  /** PEM files. If given, Envoy uses TLS. */
  readonly envoyCert?: string;
  readonly envoyKey?: string;
  readonly logLevel?: string;
}

/** Parses `host:port`. */
export function address(text: string): string {
  if (/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/.test(text)) return text;
  throw new InvalidArgumentError('Use host:port.');
}

function host(text: string): string {
  const bare = bareHost(text);
  if (isIP(bare) !== 0 || /^[\w-]+(\.[\w-]+)*$/.test(bare)) return bare;
  throw new InvalidArgumentError('Use a name or an IP address, without a port.');
}

function postgresUrl(text: string): string {
  if (URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('Use a URL like postgres://owner:password@host:5432/name.');
}

function redisUrl(text: string): string {
  if (settingsTable.REDIS_URL.schema.safeParse(text).success) return text;
  throw new InvalidArgumentError('Use a URL like redis://user:password@host:6379, or rediss:// for TLS.');
}

const port = wholeNumber(1, 64_535);
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

const ports = `
Every process listens on 127.0.0.1. PARLEY_HOST changes that; with 0.0.0.0 or ::, which mean every address,
--public-host is the host that other machines connect to. Each process serves /healthz, /readyz and /metrics on
its port + 1000, and a gateway serves InboxService over gRPC on its port + 2000. More chat servers use the ports
after --chat-port (50054, 50055, ...). More managers and gateways use every 100th port after --manager-port
(50152, 50252, ...) and --web-port (8180, 8280, ...). The admin page uses --web-port + 10, on 127.0.0.1.
Other PARLEY_* variables are passed to every service; \`npx parley config\` lists them.
Exit codes: 0 stopped as asked, 1 stopped by force, 2 could not start.`;

function startCommand(): Command {
  return new Command('npm start --')
    .description('Starts all of Parley on this machine and keeps it running until Ctrl-C.')
    .option('--chat-servers <n>', 'number of chat servers', wholeNumber(1, 50), 2)
    .option('--managers <n>', 'number of managers', wholeNumber(1, 9), 1)
    .option('--gateways <n>', 'number of gateways', wholeNumber(1, 9), 1)
    .addOption(
      new Option('--database <url>', 'an existing PostgreSQL 15 or later, as its owner (default: an embedded one)')
        .env('PARLEY_DATABASE_URL')
        .argParser(postgresUrl),
    )
    .addOption(
      new Option('--redis <url>', 'a Redis that carries notifications of changes (default: PostgreSQL carries them)')
        .env('PARLEY_REDIS_URL')
        .argParser(redisUrl),
    )
    .option('--data <dir>', 'folder of all persistent data', defaultData)
    .option(
      '--restored',
      'the database was restored from a backup: give every channel a new log before anything starts',
      false,
    )
    .option('--user-port <port>', 'port of the user-service', port, 50_051)
    .option('--manager-port <port>', 'port of the first manager', port, 50_052)
    .option('--chat-port <port>', 'port of the first chat server', port, 50_053)
    .option('--web-port <port>', 'port of the first gateway: the page and gRPC-Web', port, 8_080)
    .option('--public-host <host>', 'name or address at which clients reach this machine', host)
    .option('--envoy', 'also run Envoy, with the envoy.yaml of this folder', false)
    .option('--envoy-port <port>', 'port of Envoy: the page, gRPC-Web and gRPC', port, 8_081)
    .option('--envoy-cert <file>', 'certificate of Envoy (PEM), for TLS')
    .option('--envoy-key <file>', 'key of Envoy (PEM)')
    .addOption(new Option('--log-level <level>', 'lowest level in the log files (default: info)').choices(levels))
    .addHelpText('after', ports);
}

/**
 * Parses the options of `npm start`.
 * @throws {CommanderError} after printing help or a usage error
 */
export function readOptions(args: readonly string[]): StartOptions {
  const outputError = (text: string, write: (text: string) => void) => write(`parley: ${usageWords(text)}\n`);
  const command = startCommand()
    .configureOutput({ outputError })
    .showHelpAfterError('`npm start -- --help` lists the options.')
    .exitOverride()
    .parse(args, { from: 'user' });
  const options = command.opts<StartOptions>();
  return { ...options, data: resolve(options.data) };
}

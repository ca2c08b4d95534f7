import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';

/** The folder of the whole project, seen from `packages/cli/dist/src/launcher`. */
export const projectFolder = fileURLToPath(new URL('../../../../..', import.meta.url));

export interface StartOptions {
  readonly chatServers: number;
  readonly managers: number;
  /** The owner's URL of an existing PostgreSQL; absent: the embedded one. */
  readonly database?: string;
  readonly data: string;
  readonly userPort: number;
  readonly managerPort: number;
  readonly chatPort: number;
  readonly webPort: number;
  /** What clients are told to dial; absent: where the processes listen. */
  readonly publicHost?: string;
  /** Runs Envoy too. */
  readonly envoy: boolean;
  readonly envoyPort: number;
  /** PEM files; with them Envoy speaks TLS. */
  readonly envoyCert?: string;
  readonly envoyKey?: string;
  readonly logLevel?: string;
}

/** A reader of whole numbers in that range. */
export function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < from || number > to) {
      throw new InvalidArgumentError(`It is a whole number from ${from} to ${to}.`);
    }
    return number;
  };
}

/** Reads host:port. */
export function address(text: string): string {
  if (/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/.test(text)) return text;
  throw new InvalidArgumentError('It is host:port.');
}

function host(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0 || /^[\w-]+(\.[\w-]+)*$/.test(bare)) return bare;
  throw new InvalidArgumentError('It is a name or an IP address, without a port.');
}

function postgresUrl(text: string): string {
  if (URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('It is like postgres://owner:password@host:5432/name.');
}

const port = wholeNumber(1, 64_535);
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

const ports = `
Every process listens on 127.0.0.1; PARLEY_HOST changes that: 0.0.0.0 or :: is everywhere, and then --public-host is
what people elsewhere are told to dial. Each has /healthz, /readyz and /metrics on its port + 1000.
Further chat servers take the ports after --chat-port (50054, 50055, ...), further managers every 100th after
--manager-port (50152, 50252, ...). Other PARLEY_* variables reach every service; \`npx parley config\` lists them.
Exit codes: 0 stopped as asked, 1 stopped by force, 2 could not start.`;

function startCommand(): Command {
  return new Command('npm start --')
    .description('Starts all of Parley on this machine and keeps it running until Ctrl-C.')
    .option('--chat-servers <n>', 'how many chat servers', wholeNumber(1, 50), 2)
    .option('--managers <n>', 'how many managers', wholeNumber(1, 9), 1)
    .addOption(
      new Option('--database <url>', 'an existing PostgreSQL 15 or later, as its owner (default: an embedded one)')
        .env('PARLEY_DATABASE_URL')
        .argParser(postgresUrl),
    )
    .option('--data <dir>', 'where everything that lasts is kept', resolve(projectFolder, '.parley'))
    .option('--user-port <port>', 'the user-service', port, 50_051)
    .option('--manager-port <port>', 'the first manager', port, 50_052)
    .option('--chat-port <port>', 'the first chat server', port, 50_053)
    .option('--web-port <port>', 'the gateway: the page, and gRPC-Web', port, 8_080)
    .option('--public-host <host>', 'the name or address by which clients reach this machine', host)
    .option('--envoy', 'run Envoy too, with the envoy.yaml of this folder', false)
    .option('--envoy-port <port>', 'Envoy: the page, gRPC-Web and gRPC of users', port, 8_081)
    .option('--envoy-cert <file>', 'a PEM certificate: Envoy speaks TLS')
    .option('--envoy-key <file>', 'its PEM key')
    .addOption(new Option('--log-level <level>', 'least level in the log files (default: info)').choices(levels))
    .addHelpText('after', ports);
}

/**
 * The options of `npm start`, as a user would write them.
 * @throws {CommanderError} after help or a usage error was printed.
 */
export function readOptions(args: readonly string[]): StartOptions {
  const command = startCommand().exitOverride().parse(args, { from: 'user' });
  const options = command.opts<StartOptions>();
  return { ...options, data: resolve(options.data) };
}

import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePorts, PushReceiver, Started } from '@parley/testkit';

/** A running `npm start` that sends Web Push to a receiver of this machine. */
export class WalkedSystem {
  /** Address of the page, of the gateway alone or of Envoy. */
  readonly url: string;
  readonly receiver: PushReceiver;
  readonly #started: Started;
  readonly #data: string;

  private constructor(url: string, receiver: PushReceiver, started: Started, data: string) {
    this.url = url;
    this.receiver = receiver;
    this.#started = started;
    this.#data = data;
  }

  static async start(throughEnvoy: boolean): Promise<WalkedSystem> {
    const data = await mkdtemp(join(tmpdir(), 'parley-walk-'));
    await chmod(data, 0o755); // PostgreSQL runs as another user if this runs as root.
    const receiver = await PushReceiver.start();
    await chmod(dirname(receiver.certificate), 0o755); // So do the services.
    const first = await freePorts(7);
    const options = ['--user-port', '--manager-port', '--web-port', '--envoy-port', '--chat-port'];
    const ports = options.flatMap((name, index) => [name, String(first + index)]);
    const args = ['--data', data, ...ports, ...(throughEnvoy ? ['--envoy'] : [])];
    const started = new Started(args, {
      PARLEY_PUSH_KEY: randomBytes(32).toString('base64url'),
      PARLEY_PUSH_CONTACT: 'mailto:ops@example.org',
      PARLEY_PUSH_PRIVATE: 'on',
      NODE_EXTRA_CA_CERTS: receiver.certificate,
    });
    await started.says('Press Ctrl-C to stop', 180_000);
    const port = first + options.indexOf(throughEnvoy ? '--envoy-port' : '--web-port');
    return new WalkedSystem(`http://127.0.0.1:${port}`, receiver, started, data);
  }

  /** Kills every chat server, which `npm start` restarts. */
  async killChatServers(): Promise<void> {
    for (const { pid, name } of await this.#started.services())
      if (name.includes('chat-service')) process.kill(pid, 'SIGKILL');
  }

  async stop(): Promise<void> {
    this.#started.child.kill('SIGINT');
    await this.#started.ended;
    await this.receiver.stop();
    await rm(this.#data, { recursive: true });
  }
}

/**
 * All of Parley with a real Envoy in front. As in docker-compose.yml, the chat servers are the
 * hosts of one name.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ServiceProcess, startPostgres, stopPostgres, Trio, WebStream, webCall } from '@parley/testkit';
import { findEnvoy } from '../../../packages/cli/dist/src/launcher/envoy/binary.js';
import { writeEnvoyConfig } from '../../../packages/cli/dist/src/launcher/envoy/config.js';
import { SupervisedProcess } from '../../../packages/cli/dist/src/launcher/service-process.js';
import { root } from '../../setup.mjs';
import { PageNames } from './names.mjs';

export const nothing = new Uint8Array();
const chatName = 'chat-service';
const settings = { PARLEY_LOG_LEVEL: 'trace', PARLEY_SERVER_NETWORKS: '127.0.0.0/8' };

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Waits until a condition holds, and returns its value. */
export async function waitUntil(condition, holds, withinMs = 20_000) {
  for (const end = Date.now() + withinMs; Date.now() < end; await pause(20)) {
    const held = await holds();
    if (held) return held;
  }
  throw new Error(`Still not true after ${withinMs / 1_000} s: ${condition}.`);
}

export class EnvoySystem {
  chatServers = [];
  #chatPort;
  #envoyPort;
  #folder;
  #envoy;
  #gateway;

  /** Starts the system. `tls` names the PEM files of Envoy's listener. */
  static async start({ chatServers = 2, tls } = {}) {
    const system = new EnvoySystem();
    await startPostgres();
    system.#folder = await mkdtemp(join(tmpdir(), 'parley-proxy-'));
    system.names = await PageNames.serve(chatName);
    [system.#chatPort, system.#envoyPort] = [await freePort(), await freePort()];
    system.trio = await Trio.start({ chatServers: 0, env: settings });
    system.users = await system.trio.startUserService();
    system.#gateway = await system.trio.startGateway();
    for (let n = 0; n < chatServers; n++) await system.addChatServer();
    await system.#startEnvoy(tls);
    if (tls === undefined) await system.#untilTrusted();
    return system;
  }

  /**
   * Waits until Envoy has fetched the keys of join tokens. It begins to listen before that.
   */
  async #untilTrusted() {
    const person = await this.trio.people.make('first');
    const { token } = await this.trio.listen(person, (await this.trio.create(person, 'first')).id);
    const send = () => webCall(`${this.url}/chat.v1.ChatService/Send`, nothing, { token });
    await waitUntil('Envoy trusts join tokens', async () => (await send()).http === 200);
  }

  get address() {
    return `127.0.0.1:${this.#envoyPort}`;
  }

  get gateway() {
    return this.#gateway;
  }

  /** Starts a chat server on its own address and the common port. Envoy finds it only by name. */
  async addChatServer() {
    const { database, managers } = this.trio;
    const host = `127.0.1.${this.chatServers.length + 1}`;
    const server = await ServiceProcess.start('chat-service', {
      ...settings,
      PARLEY_DATABASE_URL: database.urlFor('chat_server'),
      PARLEY_MANAGERS: managers.map(({ grpc }) => grpc).join(','),
      PARLEY_NAME: `chat-${this.chatServers.length + 1}`,
      PARLEY_HOST: host,
      PARLEY_PORT: String(this.#chatPort),
      PARLEY_ADDR: this.address,
    });
    server.listensAt = Date.now();
    this.chatServers.push(server);
    this.names.hosts = [...this.names.hosts, host];
    await waitUntil(`a manager accepts ${host}`, async () => (await this.instanceOf(server)) !== undefined);
    return server;
  }

  async instanceOf({ grpc }) {
    const text = 'SELECT instance_id FROM chat.server WHERE internal_addr = $1 AND lease_until > now()';
    return (await this.trio.people.sql(text, [grpc]))[0]?.instance_id;
  }

  async #startEnvoy(tls) {
    const binary = await findEnvoy(join(root, '.parley', 'envoy'), (line) => process.stdout.write(`${line}\n`));
    const clusters = {
      'user-service': [this.users.grpc],
      'channel-service': this.trio.managers.map(({ grpc }) => grpc),
      [chatName]: [`${chatName}:${this.#chatPort}`],
      gateway: [new URL(this.#gateway.http).host],
    };
    const addresses = { host: '127.0.0.1', port: this.#envoyPort, clusters, ...(tls && { tls }) };
    const env = { PATH: process.env.PATH, ENVOY_BINARY: binary, ...(await writeEnvoyConfig(this.#folder, addresses)) };
    await this.#askOurNames(env.ENVOY_CONFIG);
    const main = join(root, 'packages/cli/dist/src/launcher/envoy/main.js');
    const launch = { name: 'envoy', main, env, logFile: join(this.#folder, 'envoy.log') };
    this.#envoy = new SupervisedProcess(
      launch,
      (line) => process.stdout.write(`${line}\n`),
      () => {},
    );
    this.url = (await this.#envoy.start()).http;
  }

  async #askOurNames(file) {
    const config = JSON.parse(await readFile(file, 'utf8'));
    const { cluster_type } = config.static_resources.clusters.find(({ name }) => name === chatName);
    cluster_type.typed_config.typed_dns_resolver_config = {
      name: 'envoy.network.dns_resolver.cares',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
        resolvers: [{ socket_address: { address: '127.0.0.1', port_value: this.names.port } }],
      },
    };
    await writeFile(file, JSON.stringify(config));
  }

  /** Fetches a page of Envoy's admin socket. */
  admin(path) {
    const socketPath = join(this.#folder, 'envoy.sock');
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath, path }, async (response) => {
        resolve((await response.toArray()).join(''));
      });
      sent.on('error', reject).end();
    });
  }

  /** Returns Envoy's statistics with these name prefixes. */
  async stats(...names) {
    const lines = (await this.admin(`/stats?filter=^(${names.join('|')})`)).split('\n');
    return Object.fromEntries(
      lines
        .filter(Boolean)
        .map((line) => line.split(': '))
        .map(([name, n]) => [name, +n]),
    );
  }

  envoyLog() {
    return readFile(join(this.#folder, 'envoy.log'), 'utf8');
  }

  /** Takes a seat and subscribes through Envoy as a page does. Resolves after the welcome. */
  async subscribe(person, channelId, options = {}) {
    const { token } = await this.trio.listen(person, channelId);
    const stream = new WebStream(`${this.url}/chat.v1.ChatService/Subscribe`, nothing, { token, ...options });
    stream.token = token;
    await stream.find(({ welcome }) => welcome !== undefined);
    return stream;
  }

  async close() {
    await this.#envoy?.stop();
    await Promise.all(this.chatServers.map((one) => one.stop()));
    await this.trio?.stop();
    this.names?.close();
    await stopPostgres();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true });
  }
}

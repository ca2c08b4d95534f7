import { mkdirSync } from 'node:fs';
import { type BotCommand, type Conversation, createClient, type NewChannel, type ParleyClient } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { patient } from '@parley/client/testing';
import { freePorts, type ServiceProcess, Trio } from '@parley/testkit';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { chromiumPath, launch, Visitor } from './browser.js';

/** Folder for screenshots, if set. */
const pictures = process.env.TEST_PICTURES;

/** One change of a member. */
interface MemberChange {
  readonly userId: string;
  readonly muteUntil?: number;
  readonly banUntil?: number;
  readonly add?: boolean;
  readonly remove?: boolean;
  readonly role?: 1 | 2;
}

/** The owner of a channel. */
export interface Host {
  readonly id: number;
  readonly client: ParleyClient;
  /** Changes a member of the channel. */
  readonly change: (change: MemberChange) => Promise<unknown>;
  readonly update: (change: { slowModeS: number }) => Promise<unknown>;
}

/** A running Parley with a gateway, a browser and its users. */
export class Stage {
  readonly trio: Trio;
  readonly url: string;
  /** Address of the admin page. */
  readonly adminUrl: string;
  readonly browser: Browser;
  readonly #contexts: BrowserContext[] = [];
  readonly #natives: Conversation[] = [];
  #count = 0;

  readonly #userService: ServiceProcess;

  private constructor(
    trio: Trio,
    { userService, gateway, adminPage }: { userService: ServiceProcess; gateway: ServiceProcess; adminPage: string },
    browser: Browser,
  ) {
    this.trio = trio;
    this.#userService = userService;
    this.url = gateway.http;
    this.adminUrl = `http://${adminPage}/admin`;
    this.browser = browser;
  }

  static async build(): Promise<Stage> {
    const trio = await Trio.start({ chatServers: 2, env: { PARLEY_MESSAGE_BYTES: '4096' } });
    const userService = await trio.startUserService();
    const adminPage = `127.0.0.1:${await freePorts(1)}`;
    const settings = { PARLEY_FILE_BYTES: '1048576', PARLEY_GUESTS: 'on', PARLEY_ADMIN_PAGE: adminPage };
    const gateway = await trio.startGateway(settings);
    return new Stage(trio, { userService, gateway, adminPage }, await launch());
  }

  /** Disconnects everyone. */
  async clear(): Promise<void> {
    for (const native of this.#natives.splice(0)) await native.leave();
    for (const context of this.#contexts.splice(0)) await context.close();
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.trio.stop();
  }

  /** Opens the page in a browser context of its own, signed out. `url` names another gateway. */
  async stranger(options: BrowserContextOptions = {}, url = this.url): Promise<Visitor> {
    const context = await this.browser.newContext(options);
    this.#contexts.push(context);
    return Visitor.come(context, url);
  }

  /** Opens the page for a new user and signs in. */
  async somebody(name: string, options: BrowserContextOptions = {}): Promise<Visitor> {
    const visitor = await this.stranger(options);
    await visitor.signUp(this.userId(name), name);
    return visitor;
  }

  /** Signs the user of a page in on another device. */
  async otherDevice({ page }: Visitor): Promise<Visitor> {
    const userId = (await page.locator('.side-foot p > span').textContent()) ?? '';
    const visitor = await this.stranger();
    await visitor.signIn(userId);
    return visitor;
  }

  userId(name: string): string {
    this.#count += 1;
    return `${name.toLowerCase()}-${this.#count}`;
  }

  /** Opens another tab of the same browser in the same room. */
  tabOf({ page }: Visitor): Promise<Visitor> {
    return Visitor.come(page.context(), page.url());
  }

  /** Joins the room of that name with a gRPC client. */
  async native(room: string): Promise<Conversation> {
    const { token } = await this.trio.people.make(this.userId('native'));
    const channelService = this.trio.managers[0]?.grpc ?? '';
    const client = createClient({
      transport: patient(grpcTransport({ userService: '127.0.0.1:1', channelService })),
      token,
    });
    const channel = (await client.channels()).find(({ name }) => name === room);
    const conversation = await client.listen(channel?.id ?? 0);
    this.#natives.push(conversation);
    return conversation;
  }

  /** Creates a channel with a gRPC client, without joining it. */
  async host(fields: NewChannel): Promise<Host> {
    const person = await this.trio.people.make(this.userId('host'));
    const channelService = this.trio.managers[0]?.grpc ?? '';
    const client = createClient({
      transport: patient(grpcTransport({ userService: '127.0.0.1:1', channelService })),
      token: person.token,
    });
    const { id } = await client.create({ limit: 10, ...fields });
    return {
      id,
      client,
      change: (change) => this.trio.changeMember(person, { channelId: id, ...change }),
      update: (change) => this.trio.update(person, { id, ...change }),
    };
  }

  async #operator(): Promise<ParleyClient> {
    const { id, token } = await this.trio.people.make(this.userId('operator'));
    await this.trio.people.sql("UPDATE chat.users SET role = 'admin' WHERE id = $1", [id]);
    const transport = patient(grpcTransport({ userService: this.#userService.grpc, channelService: '127.0.0.1:1' }));
    return createClient({ transport, token });
  }

  /** Opens the admin page in a browser context of its own, signed out. */
  administration(options: BrowserContextOptions = {}): Promise<Visitor> {
    return this.stranger(options, this.adminUrl);
  }

  /** Creates an account with the usual password, and makes it an operator. Returns its id. */
  async operatorAccount(name = 'Root'): Promise<string> {
    const id = await this.account(name);
    await this.trio.people.sql("UPDATE chat.users SET role = 'admin' WHERE id = $1", [id]);
    return id;
  }

  /** Creates an account with the usual password. Returns its id. */
  async account(name: string): Promise<string> {
    const userId = this.userId(name);
    const transport = patient(grpcTransport({ userService: this.#userService.grpc, channelService: '127.0.0.1:1' }));
    await createClient({ transport }).register({ userId, password: 'correct horse', name });
    return userId;
  }

  /** Gives a user a one-time password, as an operator does. Ends the user's sessions. */
  async oneTimePassword(userId: string): Promise<string> {
    return (await this.#operator()).people.resetPassword(userId);
  }

  /** Makes a bot named Dice with a command, as an operator does. Returns its id. */
  async bot(command: Pick<BotCommand, 'name' | 'description'>): Promise<string> {
    const botId = this.userId('dice');
    const operator = await this.#operator();
    await operator.bots.create(botId, { name: 'Dice' });
    await operator.bots.setCommands([command], { botId });
    return botId;
  }

  /** Opens a direct chat of a new user with another user. Returns the id of the new one. */
  async openDirect(userId: string): Promise<string> {
    const person = await this.trio.people.make(this.userId('friend'));
    await this.trio.openDirect(person, userId);
    return person.id;
  }

  /** Returns the chat server that owns a room. */
  async serverOf(room: string): Promise<ServiceProcess> {
    const [row] = await this.trio.people.sql(
      `SELECT s.addr FROM chat.channel_head h JOIN chat.channel c ON c.id = h.channel_id
        JOIN chat.server s ON s.instance_id = h.instance_id WHERE c.name = $1`,
      [room],
    );
    return this.trio.chatServers.find(({ grpc }) => grpc === row?.addr) as ServiceProcess;
  }

  /** Takes a screenshot if TEST_PICTURES names a folder. */
  async picture({ page }: Visitor, name: string): Promise<void> {
    if (pictures === undefined) return;
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: `${pictures}/${name}.png` });
  }
}

/** The stage that all tests of one file share. */
export let stage: Stage;

if (chromiumPath !== undefined) {
  beforeAll(async () => {
    stage = await Stage.build();
  });
  afterEach(() => stage.clear());
  afterAll(() => stage.stop());
}

/** Runs tests of the page on the stage. */
export function inChromium(title: string, tests: () => void): void {
  const given = chromiumPath === undefined ? describe.skip : describe;
  given(`${title}, in Chromium (skipped if there is none on the PATH)`, tests);
}

import { hostname } from 'node:os';
import { InboxService } from '@parley/contract';
import { Bell, type Notifier, receiptChannel } from '@parley/database';
import {
  dialable,
  hostAndPort,
  isLoopback,
  limits,
  type ProcessContext,
  type RunningService,
  repeat,
  type Settings,
  splitAddress,
} from '@parley/runtime';
import {
  type Call,
  Connections,
  chatServerOptions,
  connectionBounds,
  openNotifier,
  ServiceHost,
  serviceToken,
} from '@parley/service-kit';
import { ApiDoor, type ApiDoorDeps } from './api/api-door.js';
import { type DrainedStreams, GatewayDrain } from './background/gateway-drain.js';
import { GatewayReports } from './background/gateway-reports.js';
import { receiptLine, wakeUpsOf } from './background/wake-ups.js';
import { Upstreams } from './clients/upstreams.js';
import type { AdminPageConfig, GatewayConfig, PushConfig } from './config.js';
import type { TokenPolicy } from './dialects/document-001/account-routes.js';
import { tokenFinder } from './dialects/document-001/credentials.js';
import { Directory } from './dialects/document-001/directory.js';
import { EventsDoor, type EventsDoorDeps } from './dialects/document-001/events-door.js';
import { document001 } from './dialects/document-001/form.js';
import { NewChats } from './dialects/document-001/new-chats.js';
import { document002 } from './dialects/document-002/dialect.js';
import { document003 } from './dialects/document-003/dialect.js';
import { document003Forms } from './dialects/document-003/form.js';
import { simplePage } from './dialects/document-003/simple-page.js';
import { RealtimeDoor, type RealtimeDoorDeps } from './dialects/document-004/realtime-door.js';
import { GuestDoor, type GuestDoorDeps } from './guests/guest-door.js';
import { Guests } from './guests/guests.js';
import { hookForm } from './hooks/hook-form.js';
import { Bridge } from './http/bridge.js';
import { crossOrigin } from './http/cross-origin.js';
import type { HttpHandler } from './http/handler.js';
import { type HttpOptions, type HttpServer, startHttpServer } from './http/http-server.js';
import { serveKeys } from './http/keys.js';
import { refuseOtherNames } from './http/known-hosts.js';
import { Page } from './http/page.js';
import { RequestBounds } from './http/request-bounds.js';
import { ChatRoutes } from './http/routes.js';
import { Inbox } from './inbox/inbox.js';
import { overviewTurns } from './inbox/overview-turns.js';
import type { InboxReader } from './inbox/reader.js';
import { RoundReader } from './inbox/round.js';
import { type InboxDevice, InboxSession } from './inbox/session.js';
import { openFiles } from './open-files.js';
import { Deliveries } from './outbound/deliveries.js';
import { WebhookWorker } from './outgoing/webhook-worker.js';
import { PostingParts } from './posting/posting-parts.js';
import { PushWorker } from './push/push-worker.js';
import { FeedFollows } from './relay/feed-follows.js';
import { LinkFinder } from './relay/link-finder.js';
import { RelayLinks } from './relay/relay-links.js';
import { serveApiDocs } from './rest/docs-pages.js';
import { restForm } from './rest/rest-form.js';
import { OneRoom } from './rooms/one-room.js';
import { RoomStays } from './rooms/room-stays.js';
import { InboxHandlers } from './rpc/inbox-handlers.js';
import { askForUpgrade, SocketDoor, type SocketDoorDeps } from './socket/socket-door.js';
import { ConditionalChanges } from './store/conditional-changes.js';
import { GuestStore } from './store/guest-store.js';
import { JoinKeys } from './store/join-keys.js';
import { LivingServers } from './store/living-servers.js';
import type { MovedReceipt } from './store/posting-store.js';
import type { DuePush } from './store/push-store.js';
import { RealtimeStore } from './store/realtime-store.js';

const refreshEveryMs = 1_000;
const everySecond = 1_000;
const everyMinute = 60_000;
/** Number of messages of Web Push that one gateway sends at the same time. */
const pushesAtOnce = 50;
/** Share of the stop time that the drain may take. */
const drainShare = 0.75;

/**
 * Creates the drain of a gateway. From its beginning on, the gateway sends clients to other
 * gateways.
 */
function createDrain(
  host: ServiceHost,
  http: HttpServer,
  streams: readonly DrainedStreams[],
  stopMs: number,
): GatewayDrain {
  const { log, metrics } = host.context;
  const sendAway = () => {
    host.setServing(false);
    http.refuseReuse();
    host.closeConnections(limits.drainDefaultMs);
  };
  const drain = new GatewayDrain({ streams, sendAway, stopWithinMs: stopMs * drainShare, log });
  metrics.gauge('parley_draining', '1 while this gateway drains, else 0', () => Number(drain.begun));
  host.readiness.require('the drain', () => drain.checkNotBegun());
  return drain;
}

/**
 * Returns the address to show in lists of gateways. If the gateway listens on all addresses, this
 * is the name of its machine.
 */
function listedAddress(listensOn: string, port: number): string {
  return hostAndPort(dialable(listensOn) === listensOn ? listensOn : hostname(), port);
}

/** Starts the reports of a gateway. Registers the last report so that it runs late in the stop. */
function startReports(
  host: ServiceHost,
  config: GatewayConfig,
  http: HttpServer,
  inbox: Inbox,
  drain: GatewayDrain,
): void {
  const { instanceId, pool, parts, context } = host;
  const listensOn = config.host.host;
  const identity = {
    instanceId,
    name: config.name,
    httpAddr: listedAddress(listensOn, http.port),
    grpcAddr: listedAddress(listensOn, splitAddress(host.address).port),
  };
  const load = () => ({ inboxes: inbox.size, connections: http.connections + host.connections, users: inbox.users });
  const reports = new GatewayReports(pool, identity, load, drain);
  parts.add('last report', { stop: () => reports.report('stopped') });
  const failed = (err: unknown) => context.log.warn({ err }, 'report failed; retrying');
  parts.add(
    'reports',
    repeat(everySecond, 0.1, () => reports.report(), failed),
  );
}

/** Opens the inboxes. Other processes wake them. */
function openInbox(host: ServiceHost, config: GatewayConfig['notifier']) {
  const { pool, readiness, instanceId, context } = host;
  const { log, metrics } = context;
  const inbox = new Inbox(new RoundReader(pool), log, metrics);
  readiness.require('the inboxes', async () => inbox.checkRoom());
  const notifier = openNotifier(host, 'gateway', config, wakeUpsOf({ instanceId, inbox, metrics }));
  return { inbox, notifier };
}

/** Starts the relays to the chat servers. Inboxes read and write through them. */
async function startRelays(
  host: ServiceHost,
  { inbox, notifier }: { readonly inbox: Inbox; readonly notifier: Notifier },
  living: LivingServers,
  upstreams: Upstreams,
) {
  const { pool, instanceId, callers, keys, parts, context } = host;
  const { log, metrics } = context;
  const key = await host.signingKey(serviceToken('gateway'));
  const links = parts.add('relays', new RelayLinks({ living, upstreams, key, instanceId, log, metrics }));
  const { feeds } = inbox;
  const follows = new FeedFollows(feeds, links, () => inbox.wake(), metrics);
  const linkFinder = new LinkFinder(links);
  const rooms = parts.add('rooms', new RoomStays({ keys, links, linkFinder, feeds, follows, living, metrics }));
  const bell = new Bell(notifier, receiptChannel, (err) => log.debug({ err }, 'other gateways were not notified'));
  const announce = (moved: MovedReceipt) => bell.ring(receiptLine(moved, instanceId));
  const posting = new PostingParts({
    pool,
    links,
    linkFinder,
    upstreams,
    key,
    instanceId,
    feeds,
    announce,
    log,
    metrics,
  });
  parts.add('posting', posting);
  const roomOf = (reader: InboxReader) => new OneRoom(rooms, reader);
  return { inbox, callers, actorOf: posting.actorOf, roomOf };
}

function openUpstreams(host: ServiceHost, config: GatewayConfig, settings: Settings): Upstreams {
  const upstreams = new Upstreams(config, host.certificates.client, chatServerOptions(settings));
  return host.parts.add('upstreams', upstreams);
}

/** Reads the chat servers and the keys of join tokens at once, and again every second. */
async function startRefresh(host: ServiceHost, living: LivingServers, keys: JoinKeys, upstreams: Upstreams) {
  const refresh = async () => {
    await Promise.all([living.refresh(), keys.refresh()]);
    upstreams.keepOnly(living.addresses);
  };
  await refresh();
  const failed = (err: unknown) =>
    host.context.log.warn({ err }, 'refresh of chat servers and keys failed; keeping the last ones');
  host.parts.add('refresh', repeat(refreshEveryMs, 0.1, refresh, failed));
}

/** Starts to send Web Push, if the operator has set a key. */
function startPushes({ pool, parts, context }: ServiceHost, config: PushConfig): void {
  const { log, metrics } = context;
  const worker = new PushWorker({ pool, config, log, metrics });
  const failed = (err: unknown) => log.warn({ err }, 'pushes failed; retrying');
  parts.add(
    'key of pushes',
    repeat(everyMinute, 0.1, () => worker.reportKey(), failed),
  );
  const [take, deliver] = [(size: number) => worker.take(size), (push: DuePush) => worker.send(push)];
  parts.add('pushes', new Deliveries({ most: pushesAtOnce, take, deliver, failed }));
}

/** Starts to send Web Push and outgoing webhooks, both to servers that users have named. */
function startSenders(host: ServiceHost, { push, privateWebhookHosts: privateHosts }: GatewayConfig): void {
  if (push !== undefined) startPushes(host, push);
  const { log, metrics } = host.context;
  host.parts.add('webhooks', new WebhookWorker({ pool: host.pool, privateHosts, log, metrics }));
}

/** Parts that the HTTP APIs share. */
interface ApiDeps extends ApiDoorDeps, Pick<EventsDoorDeps, 'openSession' | 'logOf'> {}

/** Returns the handlers of the HTTP APIs and of their documentation. */
function apiHandlers(deps: ApiDeps, policy: TokenPolicy): HttpHandler[] {
  const [directory, newChats] = [new Directory(), new NewChats()];
  const form = document001(directory, newChats, policy);
  const events = new EventsDoor({ ...deps, tokenOf: tokenFinder(policy.takesUrlTokens), directory, newChats });
  return [serveApiDocs(deps.log), new ApiDoor(restForm, deps).handle, new ApiDoor(form, deps).handle, events.handle];
}

/** Returns the handler of the addresses of incoming webhooks. */
function hookHandler(deps: ApiDeps, { callers }: ServiceHost, { postByWebhook: post }: InboxHandlers): HttpHandler {
  const webhooks = { enterStream: (call: Call) => callers.enterWebhook(call) };
  return new ApiDoor(hookForm, { ...deps, callers: webhooks, post }).handle;
}

/** Starts the doors of guests. Returns the handlers of their HTTP requests, and the door of their sockets. */
async function startGuests(
  host: ServiceHost,
  { letsGuestsIn: isOpen }: GatewayConfig,
  deps: Omit<GuestDoorDeps, 'guests' | 'store' | 'dialects'> & ApiDoorDeps,
) {
  const { pool, callers, instanceId, parts } = host;
  const { log, metrics } = deps;
  const store = new GuestStore(pool);
  const guests = parts.add('guests', new Guests({ store, callers, instanceId, isOpen, log, metrics }));
  const door = new GuestDoor({ ...deps, guests, store, dialects: [document002, document003] });
  const calls = document003Forms({ store, door, isOpen }).map((form) => new ApiDoor(form, deps).handle);
  return { door, handlers: [...calls, door.askForUpgrade, await simplePage()] };
}

/** Opens the doors of WebSockets for accounts. */
function socketsOfAccounts(deps: SocketDoorDeps & RealtimeDoorDeps) {
  const [inboxes, realtime] = [new SocketDoor(deps), new RealtimeDoor(deps)];
  return {
    handlers: [askForUpgrade, realtime.askForUpgrade],
    upgrades: [inboxes.handleUpgrade, realtime.handleUpgrade],
    stop: () => {
      inboxes.stop();
      realtime.stop();
    },
  };
}

/** Returns the URL of an HTTP server. */
function urlOf({ address, tls }: Pick<HttpOptions, 'address' | 'tls'>, port: number): string {
  return `${tls === undefined ? 'http' : 'https'}://${hostAndPort(dialable(address), port)}`;
}

/**
 * Starts the admin page on a port of its own, so that no proxy of users reaches it. On a loopback
 * address, it uses no TLS, because the certificate is for another name, and accepts no other name
 * than localhost.
 */
async function startAdminPage(
  { host: address, port, dir }: AdminPageConfig,
  { handleForAdminPage }: Bridge,
  shared: Pick<HttpOptions, 'tls' | 'stopMs' | 'connections'>,
) {
  const page = await Page.read(dir, { '/': '/admin.html', '/admin': '/admin.html' });
  const isLocal = isLoopback(address);
  const tls = isLocal ? undefined : shared.tls;
  const handlers = [...(isLocal ? [refuseOtherNames] : []), handleForAdminPage, page.handle];
  const options = { ...shared, tls, address, port, handlers };
  const http = await startHttpServer(options);
  return { http, url: `${urlOf(options, http.port)}/admin` };
}

/** Starts the port of users, and that of the admin page if there is one. Returns their URLs by name, too. */
async function startHttp(
  host: ServiceHost,
  { adminPage }: GatewayConfig,
  bridge: Bridge,
  openConnections: () => Connections,
  given: Omit<HttpOptions, 'connections'>,
) {
  // Each port counts its own connections: an operator gets in while the port of users is full.
  const admin = adminPage && (await startAdminPage(adminPage, bridge, { ...given, connections: openConnections() }));
  const options = { ...given, connections: openConnections() };
  if (admin !== undefined) host.parts.add('admin page', admin.http);
  const http = host.parts.add('http', await startHttpServer(options));
  host.certificates.onRenewed((pair) => {
    http.renew(pair);
    admin?.http.renew(pair);
  });
  return { http, urls: { http: urlOf(options, http.port), ...(admin && { adminPage: admin.url }) } };
}

/** Starts a gateway. Gateways are stateless: any number can run. */
export async function startGateway(config: GatewayConfig, context: ProcessContext): Promise<RunningService> {
  const { settings, log, metrics } = context;
  const { proxies, origins } = config;
  const page = await Page.read(config.webDir);
  const host = await ServiceHost.open(config.host, context);
  const tls = host.certificates.pair;
  const living = new LivingServers(host.pool);
  const joinKeys = new JoinKeys(host.pool);
  const upstreams = openUpstreams(host, config, settings);
  await startRefresh(host, living, joinKeys, upstreams);
  host.readiness.require('the upstream services', () => upstreams.checkReachable());
  const { inbox, notifier } = openInbox(host, config.notifier);
  const { callers } = host;
  const sessionDeps = await startRelays(host, { inbox, notifier }, living, upstreams);
  const inboxHandlers = new InboxHandlers(sessionDeps);
  await host.serve((builder) => {
    builder.add(InboxService, {
      watch: { take: inboxHandlers.watch },
      session: { take: inboxHandlers.session },
      post: { bytes: inboxHandlers.post },
    });
  });
  const routes = new ChatRoutes(host.keys, living);
  const inboxCalls = { watch: inboxHandlers.watchInPage, post: inboxHandlers.postInPage };
  const bounds = new RequestBounds(proxies, metrics);
  const overviews = overviewTurns(inbox, metrics);
  const bridge = new Bridge({ upstreams, routes, inbox: inboxCalls, overviews, bounds, proxies, log, metrics });
  const openSession = (device: InboxDevice) => new InboxSession(sessionDeps, device);
  const logOf = (channelId: number) => inbox.feeds.find(channelId)?.log;
  const stored = { files: await openFiles(host, config), changes: new ConditionalChanges(host.pool) };
  const post = inboxHandlers.postMessage;
  const apiDeps = { ...stored, upstreams, overviews, post, callers, openSession, logOf, bounds, proxies, log, metrics };
  const doorDeps = { ...apiDeps, actorOf: sessionDeps.actorOf, origins };
  const guestDoors = await startGuests(host, config, doorDeps);
  const accounts = socketsOfAccounts({ ...doorDeps, store: new RealtimeStore(host.pool) });
  const handlers = [
    crossOrigin(origins),
    ...[bridge.handle, ...apiHandlers(apiDeps, { takesUrlTokens: config.takesUrlTokens, isSecure: tls !== undefined })],
    hookHandler(apiDeps, host, inboxHandlers),
    ...[serveKeys(joinKeys), ...accounts.handlers, ...guestDoors.handlers, page.handle],
  ];
  const { host: address, port, stopMs } = config.host;
  const openConnections = () => new Connections(proxies, log, metrics, connectionBounds(settings));
  const upgrades = [...accounts.upgrades, guestDoors.door.handleUpgrade];
  const options = { address, port, tls, stopMs, handlers, upgrades };
  const { http, urls } = await startHttp(host, config, bridge, openConnections, options);
  host.parts.add('bridge', bridge);
  host.parts.add('inbox', inbox); // The streams must end before the servers wait for them.
  host.parts.add('sockets of accounts', accounts);
  host.parts.add('sockets of guests', guestDoors.door);
  const drain = createDrain(host, http, [inbox, bridge], stopMs);
  startReports(host, config, http, inbox, drain);
  startSenders(host, config);
  host.parts.add('drain', drain);
  return host.run({ grpc: host.address, ...urls });
}

import { join } from 'node:path';
import { connectionsFor, type ServiceRole } from '@parley/database';
import { projectFolder, type StartOptions } from './options.js';

/** One process to run. */
export interface ServicePlan {
  readonly name: string;
  readonly service: 'user-service' | 'channel-service' | 'chat-service' | 'gateway' | 'envoy';
  /** Database role; undefined if the process does not use the database. */
  readonly role: ServiceRole | undefined;
  readonly port: number;
  /** Option that sets the port. */
  readonly option: '--user-port' | '--manager-port' | '--chat-port' | '--web-port' | '--envoy-port';
}

/** The processes to start, in order. */
export interface Plan {
  readonly first: readonly ServicePlan[];
  /** Chat servers, which are started once `first` is ready. */
  readonly chatServers: readonly ServicePlan[];
  /** The gateways, which stand in front of all the others. */
  readonly gateways: readonly ServicePlan[];
  /** Envoy, which stands in front of the gateways; undefined if it was not requested. */
  readonly envoy: ServicePlan | undefined;
}

const adminOffset = 1_000;
const adminPageOffset = 10;
const betweenManagers = 100;
const betweenGateways = 100;
const firstGateway = 'gateway';

function managerPlan(options: StartOptions, index: number): ServicePlan {
  return {
    name: index === 0 ? 'channel-service' : `channel-service-${index + 1}`,
    service: 'channel-service',
    role: 'chat_manager',
    port: options.managerPort + index * betweenManagers,
    option: '--manager-port',
  };
}

function chatPlan(options: StartOptions, index: number): ServicePlan {
  return {
    name: `chat-${index + 1}`,
    service: 'chat-service',
    role: 'chat_server',
    port: options.chatPort + index,
    option: '--chat-port',
  };
}

function gatewayPlan(options: StartOptions, index: number): ServicePlan {
  return {
    name: index === 0 ? firstGateway : `gateway-${index + 1}`,
    service: 'gateway',
    role: 'chat_gateway',
    port: options.webPort + index * betweenGateways,
    option: '--web-port',
  };
}

function envoyPlan({ envoyPort }: StartOptions): ServicePlan {
  return { name: 'envoy', service: 'envoy', role: undefined, port: envoyPort, option: '--envoy-port' };
}

/** Returns the ops port of a service, for health and metrics. */
export function adminPort(plan: ServicePlan): number {
  return plan.port + adminOffset;
}

/** Returns the port of InboxService over gRPC, which only a gateway has. */
export function inboxPort({ port }: ServicePlan): number {
  return port + 2 * adminOffset;
}

/** Returns the port of the admin page, which only the first gateway has; undefined for other processes. */
export function adminPagePort({ name, port }: ServicePlan): number | undefined {
  return name === firstGateway ? port + adminPageOffset : undefined;
}

/** Returns all ports of a process. */
export function portsOf(plan: ServicePlan): number[] {
  const ofGateway = plan.service === 'gateway' ? [inboxPort(plan), adminPagePort(plan) ?? []].flat() : [];
  return [plan.port, adminPort(plan), ...ofGateway];
}

const leastConnections = 200;
/**
 * Number of connections left over for `npm start` and tools, including those that PostgreSQL
 * reserves for its owner.
 */
const spare = 20;

/**
 * Shares of the connections that the roles may take. They are slightly less than the actual shares,
 * to be safe.
 */
const shares = { chat_server: 0.65, chat_manager: 0.45, chat_gateway: 0.28 } as const;

/** Returns the number of connections that PostgreSQL must allow for the whole plan. */
export function connectionsOf({ first, chatServers, gateways }: Plan, ofEach: number): number {
  const processes = {
    chat_user: 1,
    chat_manager: first.length - 1,
    chat_server: chatServers.length,
    chat_gateway: gateways.length,
  };
  const ofRoles = (['chat_server', 'chat_manager', 'chat_gateway'] as const).map(
    (role) => connectionsFor({ [role]: processes[role] }, ofEach) / shares[role],
  );
  const needed = Math.max(connectionsFor(processes, ofEach), ...ofRoles);
  return Math.max(leastConnections, spare + Math.ceil(needed));
}

/** Returns the path of the main module of a service: its bundle, except for Envoy. */
export function mainOf({ service }: ServicePlan): string {
  if (service === 'envoy') return join(projectFolder, 'packages', 'cli', 'dist', 'src', 'launcher', 'envoy', 'main.js');
  return join(projectFolder, 'dist', 'services', `${service}.js`);
}

function checkPorts(plans: readonly ServicePlan[]): void {
  const takers = new Map<number, ServicePlan>();
  for (const plan of plans) {
    for (const port of portsOf(plan)) {
      const other = takers.get(port);
      if (other !== undefined) {
        throw new Error(
          `${plan.name} and ${other.name} would both use port ${port}. Choose another ${plan.option} or ${other.option}.`,
        );
      }
      if (port > 65_535) throw new Error(`${plan.name} would use port ${port}. Choose a smaller ${plan.option}.`);
      takers.set(port, plan);
    }
  }
}

/**
 * Returns the processes for the options.
 * @throws {Error} if two would use the same port
 */
export function planServices(options: StartOptions): Plan {
  const user: ServicePlan = {
    name: 'user-service',
    service: 'user-service',
    role: 'chat_user',
    port: options.userPort,
    option: '--user-port',
  };
  const managers = Array.from({ length: options.managers }, (_, index) => managerPlan(options, index));
  const chatServers = Array.from({ length: options.chatServers }, (_, index) => chatPlan(options, index));
  const gateways = Array.from({ length: options.gateways }, (_, index) => gatewayPlan(options, index));
  const envoy = options.envoy ? envoyPlan(options) : undefined;
  checkPorts([user, ...managers, ...chatServers, ...gateways, ...(envoy === undefined ? [] : [envoy])]);
  return { first: [user, ...managers], chatServers, gateways, envoy };
}

import { join } from 'node:path';
import type { ServiceRole } from '@parley/database';
import { projectFolder, type StartOptions } from './options.js';

/** One process to run. */
export interface ServicePlan {
  readonly name: string;
  readonly service: 'user-service' | 'channel-service' | 'chat-service' | 'gateway' | 'envoy';
  /** Undefined: it does not know the database. */
  readonly role: ServiceRole | undefined;
  readonly port: number;
  /** The option that moves its port. */
  readonly option: '--user-port' | '--manager-port' | '--chat-port' | '--web-port' | '--envoy-port';
}

/** What starts first, and what needs that to be there. */
export interface Plan {
  readonly first: readonly ServicePlan[];
  readonly chatServers: readonly ServicePlan[];
  /** In front of all of them. */
  readonly gateway: ServicePlan;
  /** In front of that, where it is asked for. */
  readonly envoy: ServicePlan | undefined;
}

const adminOffset = 1_000;
const betweenManagers = 100;

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

function envoyPlan({ envoyPort }: StartOptions): ServicePlan {
  return { name: 'envoy', service: 'envoy', role: undefined, port: envoyPort, option: '--envoy-port' };
}

/** The port of a service's admin server. */
export function adminPort(plan: ServicePlan): number {
  return plan.port + adminOffset;
}

const leastConnections = 200;
/** Beside its pool: the lane of a chat server. */
const beside = 1;
/** Of `npm start`, of tools, and what PostgreSQL keeps for its owner. */
const spare = 20;

/** No role may have all: chat servers get a little more of them than this. */
const shareOfChat = 0.65;

/** As many connections as the whole plan may open to PostgreSQL. */
export function connectionsOf({ first, chatServers }: Plan, ofEach: number): number {
  const chat = chatServers.length * (ofEach + beside);
  const others = (first.length + 1) * (ofEach + beside);
  return Math.max(leastConnections, spare + chat + others, spare + Math.ceil(chat / shareOfChat));
}

/** The compiled entry of a service. */
export function mainOf({ service }: ServicePlan): string {
  if (service === 'envoy') return join(projectFolder, 'packages', 'cli', 'dist', 'src', 'launcher', 'envoy', 'main.js');
  return join(projectFolder, 'services', service, 'dist', 'src', 'main.js');
}

function checkPorts(plans: readonly ServicePlan[]): void {
  const takers = new Map<number, ServicePlan>();
  for (const plan of plans) {
    for (const port of [plan.port, adminPort(plan)]) {
      const other = takers.get(port);
      if (other !== undefined) {
        throw new Error(
          `${plan.name} and ${other.name} would both use port ${port}: choose another ${plan.option} or ${other.option}.`,
        );
      }
      if (port > 65_535) throw new Error(`${plan.name} would use port ${port}: choose a smaller ${plan.option}.`);
      takers.set(port, plan);
    }
  }
}

/** Which processes the options ask for. Throws one sentence where two would use the same port. */
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
  const gateway: ServicePlan = {
    name: 'gateway',
    service: 'gateway',
    role: 'chat_gateway',
    port: options.webPort,
    option: '--web-port',
  };
  const envoy = options.envoy ? envoyPlan(options) : undefined;
  checkPorts([user, ...managers, ...chatServers, gateway, ...(envoy === undefined ? [] : [envoy])]);
  return { first: [user, ...managers], chatServers, gateway, envoy };
}

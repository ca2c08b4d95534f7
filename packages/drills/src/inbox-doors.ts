import type { InboxConnection, Transport, WatchOptions } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { socketTransport } from '@parley/client/socket';
import { XmlHttpRequest } from '@parley/client/testing';
import { webTransport } from '@parley/client/web';
import type { InboxEvent } from '@parley/contract';
import type { Refusal } from '@parley/runtime';
import { WebSocket } from 'ws';

type OpenInbox = NonNullable<Transport['watch']>;

/** Addresses of a gateway, as `host:port`. */
export interface GatewayAddresses {
  readonly name: string;
  readonly http: string;
  readonly grpc: string;
}

/** Observer that receives the events on the streams of an inbox before the SDK does. */
export interface StreamTap {
  readonly onEvent: (event: InboxEvent) => void;
  /**
   * Called when a stream begins. Returns a function that forgets the events after the position from
   * which the stream resumes, because the stream repeats them.
   */
  readonly onOpen: () => () => void;
  /** Called once at the end of each stream that had begun. */
  readonly onEnd: (gateway: string, refusal: Refusal | undefined) => void;
}

/**
 * The transports to a gateway. Each function returns a transport that makes calls through `calls`.
 */
const doors: readonly ((gateway: GatewayAddresses, calls: Transport) => Transport)[] = [
  ({ grpc }, calls) => ({ ...calls, watch: pick(grpcTransport({ ...nobody, gateway: grpc })) }),
  ({ http }, calls) => ({ ...calls, watch: pick(webTransport({ origin: `http://${http}` })) }),
  ({ http }, calls) => socketTransport(calls, { origin: `http://${http}`, WebSocket }),
];

/** Addresses for the calls of a transport that is used only for inboxes, and so makes none. */
const nobody = { userService: '127.0.0.1:1', channelService: '127.0.0.1:1' };

Object.assign(globalThis, { XMLHttpRequest: XmlHttpRequest });

function pick({ watch }: Transport): OpenInbox {
  if (watch === undefined) throw new Error('This transport has no inbox.');
  return watch;
}

interface OpenGateway {
  readonly name: string;
  readonly watch: OpenInbox;
}

/**
 * Opens the streams of one inbox. After a stream that ended or drains, the next one opens at the next
 * gateway.
 */
class Wanderer {
  readonly #gateways: readonly OpenGateway[];
  readonly #tap: StreamTap;
  #at: number;
  /** The stream that began last. Events on earlier streams do not count. */
  #latest: WatchOptions | undefined;

  constructor(gateways: readonly OpenGateway[], startAt: number, tap: StreamTap) {
    this.#gateways = gateways;
    this.#tap = tap;
    this.#at = startAt;
  }

  watch(options: WatchOptions): InboxConnection {
    const gateway = this.#gateways[this.#at % this.#gateways.length];
    if (gateway === undefined) throw new Error('There is no gateway.');
    const forget = this.#tap.onOpen();
    let isPassedOver = false;
    const passOver = () => {
      if (!isPassedOver) this.#at += 1;
      isPassedOver = true;
    };
    let hasBegun = false;
    return gateway.watch({
      ...options,
      onEvent: (event) => {
        if (event.welcome !== undefined) {
          hasBegun = true;
          this.#latest = options;
          forget();
        }
        if (event.draining !== undefined) passOver();
        if (this.#latest === options) this.#tap.onEvent(event);
        options.onEvent(event);
      },
      onEnd: (refusal) => {
        if (refusal?.reason !== 'long-stream') passOver();
        if (hasBegun) this.#tap.onEnd(gateway.name, refusal);
        options.onEnd(refusal);
      },
    });
  }
}

/**
 * Returns a transport whose inbox goes through one of the doors of the gateways. The number `n` of
 * the user chooses the door and the first gateway.
 */
export function inboxTransport(
  calls: Transport,
  gateways: readonly GatewayAddresses[],
  n: number,
  tap: StreamTap,
): Transport {
  const door = doors[n % doors.length] as (typeof doors)[number];
  const opened = gateways.map((one) => ({ name: one.name, watch: pick(door(one, calls)) }));
  const wanderer = new Wanderer(opened, Math.floor(n / doors.length), tap);
  return { ...calls, watch: (options) => wanderer.watch(options) };
}

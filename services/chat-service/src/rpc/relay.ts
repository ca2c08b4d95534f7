import type { Callers, TakeHandler } from '@parley/service-kit';
import type { Relays } from '../relay/relays.js';

/** Creates the endpoint for gateways: Relay. */
export function createRelay(callers: Callers, instanceId: string, relays: Relays): TakeHandler {
  return async (stream, call) => {
    const gatewayId = await callers.service(call, 'gateway', instanceId);
    if (stream.ended) return;
    call.sendHeaders();
    relays.open(gatewayId, stream);
  };
}

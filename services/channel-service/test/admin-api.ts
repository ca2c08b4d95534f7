import {
  AdminService,
  ChannelServer,
  type Empty,
  Hold,
  KickRequest,
  type ListAuditResponse,
  type ListGatewaysResponse,
  type ListHoldsResponse,
  type ListServersResponse,
  Page,
  SetHoldRequest,
  User,
} from '@parley/contract';
import { callPatiently } from '@parley/testkit';
import type { Person, Rig } from './rig.js';

const withinMs = 30_000;

/** Calls of AdminService. */
export class AdminApi {
  readonly #rig: Rig;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  listServers({ token }: Person): Promise<ListServersResponse> {
    const admin = this.#rig.admin();
    return callPatiently(admin, AdminService.listServers, {}, { token, withinMs });
  }

  listGateways({ token }: Person): Promise<ListGatewaysResponse> {
    const admin = this.#rig.admin();
    return callPatiently(admin, AdminService.listGateways, {}, { token, withinMs });
  }

  drain({ token }: Person, id: string): Promise<Empty> {
    const admin = this.#rig.admin();
    return callPatiently(admin, AdminService.drain, ChannelServer.fromPartial({ id }), { token, withinMs });
  }

  setUser({ token }: Person, user: Parameters<typeof User.fromPartial>[0], manager = 0): Promise<User> {
    const admin = this.#rig.admin(manager);
    return callPatiently(admin, AdminService.setUser, User.fromPartial(user), { token, withinMs });
  }

  kick({ token }: Person, request: Parameters<typeof KickRequest.fromPartial>[0]): Promise<Empty> {
    const admin = this.#rig.admin();
    return callPatiently(admin, AdminService.kick, KickRequest.fromPartial(request), { token, withinMs });
  }

  setHold({ token }: Person, request: Parameters<typeof SetHoldRequest.fromPartial>[0]): Promise<Hold> {
    const asked = SetHoldRequest.fromPartial(request);
    return callPatiently(this.#rig.admin(), AdminService.setHold, asked, { token, withinMs });
  }

  listHolds({ token }: Person, page: Parameters<typeof Page.fromPartial>[0] = {}): Promise<ListHoldsResponse> {
    return callPatiently(this.#rig.admin(), AdminService.listHolds, Page.fromPartial(page), { token, withinMs });
  }

  releaseHold({ token }: Person, id: number): Promise<Empty> {
    return callPatiently(this.#rig.admin(), AdminService.releaseHold, Hold.fromPartial({ id }), { token, withinMs });
  }

  listAudit({ token }: Person, page: Parameters<typeof Page.fromPartial>[0] = {}): Promise<ListAuditResponse> {
    const admin = this.#rig.admin();
    return callPatiently(admin, AdminService.listAudit, Page.fromPartial(page), { token, withinMs });
  }
}

import {
  ChannelService,
  type Chat,
  ListNotificationsRequest,
  type ListNotificationsResponse,
  ListReceiptsRequest,
  type ListReceiptsResponse,
  MarkNotificationsRequest,
  OverviewRequest,
  type OverviewResponse,
  SetNotifyRequest,
  UpdateReceiptRequest,
} from '@parley/contract';
import { callPatiently } from '@parley/testkit';
import type { Person, Rig } from './rig.js';

type Partial<T extends { fromPartial(value: never): unknown }> = Parameters<T['fromPartial']>[0];

const options = ({ token }: Person) => ({ token, withinMs: 30_000 });

/** Calls to one manager about the chats of one user. */
export class Inbox {
  readonly #rig: Rig;

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  overview(who: Person, size = 0, after = ''): Promise<OverviewResponse> {
    const request = OverviewRequest.fromPartial({ page: { size, after } });
    return callPatiently(this.#rig.manager, ChannelService.overview, request, options(who));
  }

  /** Returns one chat of a user's Overview. */
  async chat(who: Person, channelId: number): Promise<Chat> {
    const chat = (await this.overview(who)).chats.find(({ channel }) => channel?.id === channelId);
    if (chat === undefined) throw new Error(`no chat ${channelId}`);
    return chat;
  }

  receipt(who: Person, channelId: number, more: Partial<typeof UpdateReceiptRequest>): Promise<Chat> {
    const request = UpdateReceiptRequest.fromPartial({ channelId, ...more });
    return callPatiently(this.#rig.manager, ChannelService.updateReceipt, request, options(who));
  }

  receipts(who: Person, channelId: number, seq: number, size = 0, after = ''): Promise<ListReceiptsResponse> {
    const request = ListReceiptsRequest.fromPartial({ channelId, seq, page: { size, after } });
    return callPatiently(this.#rig.manager, ChannelService.listReceipts, request, options(who));
  }

  setNotify(who: Person, channelId: number, notify: number): Promise<object> {
    const request = SetNotifyRequest.fromPartial({ channelId, notify: notify as SetNotifyRequest['notify'] });
    return callPatiently(this.#rig.manager, ChannelService.setNotify, request, options(who));
  }

  notifications(who: Person, more: Partial<typeof ListNotificationsRequest> = {}): Promise<ListNotificationsResponse> {
    const request = ListNotificationsRequest.fromPartial(more);
    return callPatiently(this.#rig.manager, ChannelService.listNotifications, request, options(who));
  }

  mark(who: Person, more: Partial<typeof MarkNotificationsRequest>): Promise<object> {
    const request = MarkNotificationsRequest.fromPartial(more);
    return callPatiently(this.#rig.manager, ChannelService.markNotifications, request, options(who));
  }
}

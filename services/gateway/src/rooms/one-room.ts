import type { EnterRoom } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime';
import { asRefusal } from '@parley/service-kit';
import { encodeInboxEvent } from '../inbox/event-frames.js';
import type { InboxReader } from '../inbox/reader.js';
import type { DeviceRoom } from '../inbox/session.js';
import type { PostRoute } from '../posting/post-route.js';
import type { RoomStay } from './room-stay.js';
import { type RoomStays, roomFarewell } from './room-stays.js';

/** Maximum number of waiting commands of one device. Listen allows a burst of the same size. */
const mostWaiting = 4;

/**
 * The room that one device is in. A device is in one room at a time, because its user has one seat.
 */
export class OneRoom implements DeviceRoom {
  readonly #stays: RoomStays;
  readonly #reader: InboxReader;
  #stay: RoomStay | undefined;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isClosed = false;

  constructor(stays: RoomStays, reader: InboxReader) {
    this.#stays = stays;
    this.#reader = reader;
  }

  enter(request: EnterRoom): void {
    this.#inTurn(request.channelId, () => this.#enter(request));
  }

  leave(channelId: number): void {
    this.#inTurn(channelId, async () => {
      if (this.#stay?.channelId !== channelId) throw refuse('seat-gone', { message: 'You are not in this room.' });
      this.#stay.end({ ...roomFarewell(refuse('cancelled')), message: 'You left the room.' });
    });
  }

  routeTo(channelId: number): PostRoute | undefined {
    return this.#stay?.channelId === channelId ? this.#stay : undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#stay?.end();
  }

  /** Runs commands one after the other. */
  #inTurn(channelId: number, run: () => Promise<void>): void {
    if (this.#waiting >= mostWaiting) {
      this.#refuse(channelId, refuse('listen-too-often'));
      return;
    }
    this.#waiting += 1;
    this.#turn = this.#turn
      .then(() => (this.#isClosed ? undefined : run()))
      .catch((thrown: unknown) => this.#refuse(channelId, asRefusal(thrown)))
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  async #enter(request: EnterRoom): Promise<void> {
    const { userId } = this.#reader;
    await this.#stays.take(request, userId, (seat) => {
      this.#stay?.end(roomFarewell(refuse('replaced')));
      const onEnd = (ended: RoomStay) => {
        if (this.#stay === ended) this.#stay = undefined;
      };
      if (this.#isClosed) seat.link.send({ detach: seat.handle });
      else this.#stay = this.#stays.begin(seat, this.#reader, onEnd);
    });
  }

  #refuse(channelId: number, { reason, message, retryAfterMs }: Refusal): void {
    this.#reader.send(encodeInboxEvent({ roomRefused: { channelId, refusal: { reason, message, retryAfterMs } } }));
  }
}

import type { InboxCommand } from '@parley/contract';
import { type Refusal, refuse } from '@parley/runtime';
import { asRefusal, Buckets, type BurstRate, type UserCaller } from '@parley/service-kit';
import type { Inbox } from './inbox.js';
import type { InboxStream } from './stream.js';

/** A device with a session, whatever its transport. */
export interface InboxDevice {
  readonly me: UserCaller;
  /** Bearer token of the device. */
  readonly token: string;
  readonly address: string;
  readonly stream: InboxStream;
}

/** Rate of the commands of one session. */
const commandRate: BurstRate = { burst: 100, perSecond: 20 };

/** The session of one device: takes its commands. Its events go to the stream of the device. */
export class InboxSession {
  readonly #inbox: Inbox;
  readonly #device: InboxDevice;
  readonly #commands = new Buckets<'session'>();
  #hasBegun = false;

  constructor(inbox: Inbox, device: InboxDevice) {
    this.#inbox = inbox;
    this.#device = device;
  }

  /** Handles a command. The first one must be `watch`. A command that is refused ends the stream. */
  take(command: InboxCommand): void {
    const { stream } = this.#device;
    if (stream.ended) return;
    try {
      if (this.#commands.take('session', commandRate) > 0) throw refuse('send-too-fast');
      if (this.#hasBegun) this.#handle(command);
      else this.#open(command);
    } catch (thrown) {
      this.close(asRefusal(thrown));
    }
  }

  /** Ends the stream of the device, with the status of a refusal if there is one. */
  close(refusal?: Refusal): void {
    this.#device.stream.end(refusal);
  }

  #open({ watch }: InboxCommand): void {
    const { me, address, stream } = this.#device;
    if (watch === undefined) throw refuse('malformed', { message: 'The first command must be watch.' });
    this.#inbox.open({ me, address, stream, watch, mostBytes: Number.POSITIVE_INFINITY });
    this.#hasBegun = true;
  }

  #handle({ watch, post }: InboxCommand): void {
    if (post !== undefined)
      throw refuse('not-implemented', { message: 'This server does not take messages here. Send them with Connect.' });
    if (watch !== undefined)
      throw refuse('malformed', { message: 'This session has begun. Open another one to watch.' });
  }
}

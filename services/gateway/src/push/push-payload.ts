import type { ChannelKind, NotificationKind } from '@parley/database';

/** Facts of a notification that a push message may tell. */
export interface PushFacts {
  readonly kind: NotificationKind;
  readonly channelId: number;
  /** Seq of the message; 0 if there is none. */
  readonly seq: number;
  readonly channelName: string;
  readonly channelKind: ChannelKind;
  readonly byName: string;
  /** Text of the message; empty if there is none, or the user does not want it to be sent. */
  readonly text: string;
}

/** Message that the service worker of the page gets. */
export interface PushPayload extends Omit<PushFacts, 'channelKind'> {
  readonly isDirect: boolean;
}

const textCharacters = 160;
/** A record of Web Push holds 4,096 bytes, encryption included, and every push service takes as many. */
const payloadBytes = 3_000;

function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most).join('')}…` : text;
}

/** Returns the message for a notification as JSON of at most 3,000 bytes. A long text ends with `…`. */
export function payloadOf({ channelKind, text, ...facts }: PushFacts): string {
  const isDirect = channelKind === 'direct';
  for (let most = textCharacters; most > 0; most >>= 1) {
    const payload: PushPayload = { ...facts, isDirect, text: shortened(text, most) };
    const json = JSON.stringify(payload);
    if (Buffer.byteLength(json) <= payloadBytes) return json;
  }
  return JSON.stringify({ ...facts, isDirect, text: '', channelName: shortened(facts.channelName, 50) });
}

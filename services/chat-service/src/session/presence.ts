import type { Flushable } from '@parley/fanout';
import type { LiveChannel, Person } from '../core/live-channel.js';
import { encodePresence } from './frames.js';

/** Adds a seat to a channel, and shows the user to others if it is the user's first one there. */
export function arrive(channel: LiveChannel, seat: string, person: Person, reader?: Flushable): void {
  if (channel.enter(seat, person, reader)) channel.publishLossy(encodePresence([person], [], channel.users));
}

/** Removes a seat from a channel, and tells others if the user has no other one there. */
export function depart(channel: LiveChannel, seat: string, person: Person, nowMs: number): void {
  if (channel.leave(seat, nowMs)) channel.publishLossy(encodePresence([], [person], channel.users));
}

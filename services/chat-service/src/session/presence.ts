import type { Flushable } from '@parley/fanout';
import type { LiveChannel, Person } from '../core/live-channel.js';
import { encodePresence } from './frames.js';

/** Adds a seat to a channel. If it is the user's first seat there, shows the user to others. */
export function arrive(channel: LiveChannel, seat: string, person: Person, reader?: Flushable): void {
  if (channel.enter(seat, person, reader)) channel.publishLossy(encodePresence([person], [], channel.users));
}

/** Removes a seat from a channel. If the user has no other seat there, tells others. */
export function depart(channel: LiveChannel, seat: string, person: Person, nowMs: number): void {
  if (channel.leave(seat, nowMs)) channel.publishLossy(encodePresence([], [person], channel.users));
}

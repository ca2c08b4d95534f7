import { deChats } from './de/chats.js';
import { deCommon } from './de/common.js';
import { deConversation } from './de/conversation.js';
import { deEntry } from './de/entry.js';
import { deNotices } from './de/notices.js';
import { dePeople } from './de/people.js';
import { deOtherRefusal, deRefusals } from './de/refusals.js';
import { deEndings, deRooms, deWaits } from './de/rooms.js';
import { deSettings } from './de/settings.js';
import { deShortcuts } from './de/shortcuts.js';
import type { Words } from './en.js';

/** All texts of the page in German. */
export const de: Words = {
  chats: deChats,
  common: deCommon,
  conversation: deConversation,
  endings: deEndings,
  entry: deEntry,
  notices: deNotices,
  otherRefusal: deOtherRefusal,
  people: dePeople,
  refusals: deRefusals,
  rooms: deRooms,
  settings: deSettings,
  shortcuts: deShortcuts,
  waits: deWaits,
};

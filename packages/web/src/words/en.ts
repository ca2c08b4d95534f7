import { enChats } from './en/chats.js';
import { enCommon } from './en/common.js';
import { enConversation } from './en/conversation.js';
import { enEntry } from './en/entry.js';
import { enNotices } from './en/notices.js';
import { enPeople } from './en/people.js';
import { enOtherRefusal, enRefusals } from './en/refusals.js';
import { enEndings, enRooms, enWaits } from './en/rooms.js';
import { enSettings } from './en/settings.js';
import { enShortcuts } from './en/shortcuts.js';

/** All texts of the page in English. */
export const en = {
  chats: enChats,
  common: enCommon,
  conversation: enConversation,
  endings: enEndings,
  entry: enEntry,
  notices: enNotices,
  otherRefusal: enOtherRefusal,
  people: enPeople,
  refusals: enRefusals,
  rooms: enRooms,
  settings: enSettings,
  shortcuts: enShortcuts,
  waits: enWaits,
};

/** All texts of the page. */
export type Words = typeof en;

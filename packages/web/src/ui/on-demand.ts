/** The parts of the page that are loaded when the user first opens one of them. */
export { BrowseChannels } from './browse-channels.js';
export { EmojiDialog } from './emoji-dialog.js';
export { MembersDialog } from './members-dialog.js';
export { NewChat } from './new-chat.js';
export { NewRoom } from './new-room.js';
export { NotificationsDialog } from './notifications-dialog.js';
export { PersonCard } from './person-card.js';
export { PinsDialog } from './pins-dialog.js';
export { ReadersDialog } from './readers-dialog.js';
export { ReportDialog } from './report-dialog.js';
export { SearchDialog } from './search-dialog.js';
export { SettingsDialog } from './settings/settings-dialog.js';
export { ShortcutsDialog } from './shortcuts-dialog.js';

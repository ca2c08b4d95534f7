/** The parts of the page that are loaded when the user first opens one of them. */
export { PersonCard } from './person-card.js';
export { SettingsDialog } from './settings/settings-dialog.js';
export { ShortcutsDialog } from './shortcuts-dialog.js';

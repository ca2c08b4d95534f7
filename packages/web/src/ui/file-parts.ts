/** The parts of the page for files, which are loaded when there is the first one. */
export { AttachedFiles } from './attached-files.js';
export { MessageFiles } from './message-files.js';
export { VoiceBar } from './voice-bar.js';

/** What the drills use of the launcher: where the running `npm start` keeps its facts, and how options are read. */
export { type RunFacts, readRunFacts, type ServiceFacts } from './launcher/data-folder.js';
export { address, projectFolder, wholeNumber } from './launcher/options.js';

/**
 * Parts of the launcher that the drills use: the facts of the running `npm start`, and option
 * parsers.
 */
export { type RunFacts, readRunFacts, type ServiceFacts } from './launcher/data-folder.js';
export { address, projectFolder } from './launcher/options.js';
export { defaultData } from './run-file.js';
export { wholeNumber } from './whole-number.js';

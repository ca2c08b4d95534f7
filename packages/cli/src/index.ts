/**
 * Parts of the launcher that the drills use: the facts of the running `npm start`, and option
 * parsers.
 */
export { address, projectFolder } from './launcher/options.js';
export { defaultData, type RunFacts, readRunFacts, type ServiceFacts } from './run-file.js';
export { wholeNumber } from './whole-number.js';

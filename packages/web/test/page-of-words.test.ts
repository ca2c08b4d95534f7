/**
 * Imports test files that share one stage, because setting up a stage takes longer than most tests.
 */
import './page-invites.js';
import './page-people.js';
import './page-search.js';
import './page-settings.js';
import './page-text.js';
import './page-offline.js';
import './page-told.js';
import './page-toolbars.js';
import './page-writing.js';

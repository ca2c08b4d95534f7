/** Imports tests with axe-core and the keyboard, which have a stage of their own because they take long. */
import './page-access.js';
import './page-admin.js';

import { describeBrowser } from './checks.ts';
import { launchWebKit } from './webkit.ts';

describeBrowser('webkit', launchWebKit);

import { describeBrowser } from './checks.ts';
import { launchFirefox } from './puppeteer.ts';

describeBrowser('firefox', launchFirefox);

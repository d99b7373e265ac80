import { describeBrowser } from './checks.ts';
import { launchChromium } from './puppeteer.ts';

describeBrowser('chromium', launchChromium);

export {
  bitLen,
  bytesToHex,
  bytesToNumberBE,
  bytesToNumberLE,
  concatBytes,
  equalBytes,
  hexToBytes,
  numberToBytesBE,
} from '@noble/curves/utils.js';

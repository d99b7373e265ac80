;; Encodes bytes as base64 and percent-encodes the result, three bytes at a time.
;;
;; The memory starts with a table: for each 12-bit value, 8 bytes, of which up to 6 are the quoted pair of base64
;; characters and the last is their number. Eight bytes are always stored, and the next pair overwrites the surplus.
;; Up to 7 bytes after the result and one after the input are accessed.
(module
  (memory (export "memory") 3)
  ;; Encodes the whole triples from..to; writes to `at`; returns the end of the result.
  (func (export "encode") (param $from i32) (param $to i32) (param $at i32) (result i32)
    (local $bits i32)
    (local $pair i64)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $from) (local.get $to)))
        ;; Little-endian: the first byte of the file is the lowest.
        (local.set $bits (i32.load align=1 (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 3)))
        ;; The first byte and the upper half of the second.
        (local.set $pair
          (i64.load
            (i32.or
              (i32.shl (i32.and (local.get $bits) (i32.const 0xff)) (i32.const 7))
              (i32.and (i32.shr_u (local.get $bits) (i32.const 9)) (i32.const 0x78)))))
        (i64.store align=1 (local.get $at) (local.get $pair))
        (local.set $at (i32.add (local.get $at) (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 56)))))
        ;; The lower half of the second byte and the third.
        (local.set $pair
          (i64.load
            (i32.or
              (i32.shl (i32.and (local.get $bits) (i32.const 0xf00)) (i32.const 3))
              (i32.and (i32.shr_u (local.get $bits) (i32.const 13)) (i32.const 0x7f8)))))
        (i64.store align=1 (local.get $at) (local.get $pair))
        (local.set $at (i32.add (local.get $at) (i32.wrap_i64 (i64.shr_u (local.get $pair) (i64.const 56)))))
        (br $next)))
    (local.get $at)))

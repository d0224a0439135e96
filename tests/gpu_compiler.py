"""Compiles every Triton kernel for a real device, without one; run as a program of its own, outside the interpreter.

``python -m tests.gpu_compiler cuda:90 hip:gfx942`` prints a JSON object of the sizes of the machine code in bytes.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module
from itertools import product

# Arguments by name, wherever the kernels use it; logits come in three types.
POINTERS = {
    "masks": "*i32",
    "rows": "*i64",
    "mask_rows": "*i64",
    "partial": "*fp32",
    "law": "*fp32",
    "log_mass": "*fp32",
    "tokens": "*i64",
    "confidences": "*fp32",
    "margins": "*fp32",
    "entropies": "*fp32",
    "uniforms": "*fp64",
    "temperatures": "*fp64",
    "top_ks": "*i64",
    "top_ps": "*fp64",
    "min_ps": "*fp64",
    "log_probs": "*fp64",
    "log_masses": "*fp64",
    "states": "*i64",
    "accepted": "*i1",
    "class_of": "*i32",
    "row_start": "*i64",
    "row_class": "*i32",
    "row_target": "*i32",
}
SIZES = {"block": 1024, "blocks_of_chunk": 8, "padded_chunks": 16}
KERNELS = [
    ("apply_mask", "apply_mask_kernel"),
    ("masked_log_softmax", "masses_kernel"),
    ("masked_log_softmax", "write_kernel"),
    ("masked_argmax", "masked_argmax_kernel"),
    ("masked_sample", "masked_sample_kernel"),
    ("step_automaton", "step_automaton_kernel"),
]


def targets(names):
    from triton.backends.compiler import GPUTarget

    for name in names:
        backend, _, arch = name.partition(":")
        yield name, GPUTarget(backend, int(arch) if arch.isdigit() else arch, 64 if backend == "hip" else 32)


def source(kernel, logits, flag):
    from triton.compiler import ASTSource

    signature, constants = {}, {}
    ones = ("column_stride", "word_stride") if flag else ("size", "words", "chunks", "columns_of_row")
    for name in kernel.arg_names:
        if name in SIZES or name in ("picked", "some_rows"):
            signature[name], constants[name] = "constexpr", SIZES.get(name, flag)
        elif name in ("rows", "mask_rows") and not flag:
            signature[name], constants[name] = "constexpr", None
        elif name in ones:  # a launch makes every 1 a constant
            signature[name], constants[name] = "constexpr", 1
        else:
            signature[name] = logits if name == "logits" else POINTERS.get(name, "i32")
    return ASTSource(fn=kernel, signature=signature, constexprs=constants)


def main(names):
    import triton

    warnings.simplefilter("ignore")  # of the compiler's own defaults
    sizes = {}
    for (module, name), (where, target) in product(KERNELS, targets(names)):
        kernel = getattr(import_module(f"gramarye.kernels.gpu.{module}"), name)
        types = ("*fp32", "*bf16", "*fp16") if "logits" in kernel.arg_names else ("",)
        for logits, flag in zip(types, (True, False, True), strict=False):
            compiled = triton.compile(source(kernel, logits, flag), target=target, options={"num_warps": 8})
            code = compiled.asm["cubin" if target.backend == "cuda" else "hsaco"]
            sizes[f"{name} {logits} {where}"] = len(code)
    return sizes


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1:])))

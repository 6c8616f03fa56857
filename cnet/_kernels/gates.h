/* Sigmoid (gate) and tanh (gate_tanh) of one vector of floats (vf_*) or doubles (vd_*), for gates.
 *
 * Those of floats are shorter than those of vecmath.h: 2^k is one factor, because arguments are limited so that it is a normal
 * number (beyond the limits a sigmoid is below 2e-38 or rounds to 1), and a quotient costs four short operations where a
 * division blocks a port for 16 cycles. Worst error in units in the last place, over every 37th of all floats: sigmoid 2.5,
 * tanh 2.5.
 */
#ifndef CNET_GATES_H
#define CNET_GATES_H
#include "vec.h"
#include "vmath.h"

/* x = k ln 2 + r and exp(r) - 1 = r + r q, for small r. Returns r; 2^k in *power. */
VM_INLINE vf vf_reduce(vf x, vf *power, vf *q)
{
    /* A sum whose low bits are those of k + 127: the exponent of 2^k, once shifted. */
    vf t = x * 1.44269504f + (VM_ROUND_F32 + 127.0f);
    vf k = t - (VM_ROUND_F32 + 127.0f);
    vf r = (x - k * 0.693145751953125f) - k * 1.42860682030941723212e-6f;
    vf p = r * 0.0013926375995803529f + 0.0083633330821829433f;
    p = p * r + 0.041666553458651747f;
    p = p * r + 0.16666576062275124f;
    p = p * r + 0.5f;
    *q = p * r;
    *power = (vf)((vfi)t << 23);
    return r;
}

/* 1 / (1 + exp(-x)) */
VM_INLINE vf vf_gate(vf x)
{
    vf s, q, z = vf_max(vf_set1(-87.0f), vf_min(vf_set1(87.0f), -x));
    vf r = vf_reduce(z, &s, &q);
    vf e = (q * r + r) * s + s;
    return vf_ratio(vf_set1(1.0f), e + 1.0f);
}

/* e / (e + 2) with e = exp(2 |x|) - 1; beyond 10 it is 1. */
VM_INLINE vf vf_gate_tanh(vf x)
{
    vf s, q, a = vf_min(vf_set1(10.0f), vf_abs(x));
    vf r = vf_reduce(a + a, &s, &q);
    vf e = (q * r + r) * s + (s - 1.0f);
    return (vf)((vfi)vf_ratio(e, e + 2.0f) | ((vfi)x & (vfi)vf_set1(-0.0f)));
}

VM_INLINE vd vd_gate(vd x)
{
    double a[vd_lanes];
    vd_store(a, x);
    for (int j = 0; j < vd_lanes; j++) a[j] = vm_sigmoid_f64(a[j]);
    return vd_load(a);
}
VM_INLINE vd vd_gate_tanh(vd x)
{
    double a[vd_lanes];
    vd_store(a, x);
    for (int j = 0; j < vd_lanes; j++) a[j] = vm_tanh_f64(a[j]);
    return vd_load(a);
}
#endif

global using BlsG1Sum = Homeostat.Primitives.Fields.JacobianPoint<
    Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>, Homeostat.Evm.Bls12G1>;
global using BlsG2Sum = Homeostat.Primitives.Fields.JacobianPoint<
    Homeostat.Primitives.Fields.Fp2<
        Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>>,
    Homeostat.Evm.Bls12G2>;

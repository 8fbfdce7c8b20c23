global using BlsField = Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>;
global using BlsG1 = Homeostat.Primitives.Fields.AffinePoint<
    Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>, Homeostat.Evm.Bls12G1>;
global using BlsG1Sum = Homeostat.Primitives.Fields.JacobianPoint<
    Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>, Homeostat.Evm.Bls12G1>;
global using BlsG2 = Homeostat.Primitives.Fields.AffinePoint<
    Homeostat.Primitives.Fields.Fp2<
        Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>>,
    Homeostat.Evm.Bls12G2>;
global using BnG1 = Homeostat.Primitives.Fields.AffinePoint<
    Homeostat.Primitives.Fields.Residue256<Homeostat.Evm.Bn254Prime>, Homeostat.Evm.Bn254G1>;
global using BnG2 = Homeostat.Primitives.Fields.AffinePoint<
    Homeostat.Primitives.Fields.Fp2<
        Homeostat.Primitives.Fields.Residue256<Homeostat.Evm.Bn254Prime>>,
    Homeostat.Evm.Bn254G2>;
global using BlsField2 = Homeostat.Primitives.Fields.Fp2<
    Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>>;

// The pairing curves' types by short names, within this assembly.
global using BlsField = Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>;
global using BlsField2 = Homeostat.Primitives.Fields.Fp2<
    Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>>;
global using BlsG1 = Homeostat.Primitives.Fields.AffinePoint<
    Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>, Homeostat.Evm.Bls12G1>;
global using BlsG1Sum = Homeostat.Primitives.Fields.JacobianPoint<
    Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>, Homeostat.Evm.Bls12G1>;
global using BlsG2 = Homeostat.Primitives.Fields.AffinePoint<
    Homeostat.Primitives.Fields.Fp2<
        Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>>,
    Homeostat.Evm.Bls12G2>;
global using BlsG2Sum = Homeostat.Primitives.Fields.JacobianPoint<
    Homeostat.Primitives.Fields.Fp2<
        Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>>,
    Homeostat.Evm.Bls12G2>;
global using BlsTarget = Homeostat.Primitives.Fields.Fp12<
    Homeostat.Primitives.Fields.Residue384<Homeostat.Evm.Bls12Prime>, Homeostat.Evm.Bls12Tower>;
global using BnField = Homeostat.Primitives.Fields.Residue256<Homeostat.Evm.Bn254Prime>;
global using BnField2 = Homeostat.Primitives.Fields.Fp2<
    Homeostat.Primitives.Fields.Residue256<Homeostat.Evm.Bn254Prime>>;
global using BnG1 = Homeostat.Primitives.Fields.AffinePoint<
    Homeostat.Primitives.Fields.Residue256<Homeostat.Evm.Bn254Prime>, Homeostat.Evm.Bn254G1>;
global using BnG1Sum = Homeostat.Primitives.Fields.JacobianPoint<
    Homeostat.Primitives.Fields.Residue256<Homeostat.Evm.Bn254Prime>, Homeostat.Evm.Bn254G1>;
global using BnG2 = Homeostat.Primitives.Fields.AffinePoint<
    Homeostat.Primitives.Fields.Fp2<
        Homeostat.Primitives.Fields.Residue256<Homeostat.Evm.Bn254Prime>>,
    Homeostat.Evm.Bn254G2>;
global using BnG2Sum = Homeostat.Primitives.Fields.JacobianPoint<
    Homeostat.Primitives.Fields.Fp2<
        Homeostat.Primitives.Fields.Residue256<Homeostat.Evm.Bn254Prime>>,
    Homeostat.Evm.Bn254G2>;
global using BnTarget = Homeostat.Primitives.Fields.Fp12<
    Homeostat.Primitives.Fields.Residue256<Homeostat.Evm.Bn254Prime>, Homeostat.Evm.Bn254Tower>;
